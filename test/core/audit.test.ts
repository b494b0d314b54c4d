import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { auditEntry } from '../../src/core/audit.ts';
import type { AuditFact } from '../../src/core/audit.ts';
import { deploymentId } from '../../src/core/ids.ts';
import { isoTime } from '../../src/core/iso-time.ts';
import { instant } from '../../src/core/time.ts';
import { SHOP, aDeployment } from '../support/store-samples.ts';
import { revision } from './given.ts';

const d1 = deploymentId('d1');
const common = { at: instant(1_700_000_000_123), actor: 'ann' };

const entryOf = (event: AuditFact['event'], more: Partial<AuditFact> = {}) =>
  auditEntry({ id: 'e1', lane: SHOP, deployment: d1, event, subject: aDeployment('d1'), ...more });

describe('time in an audit entry', () => {
  it('is what Date writes, over all years with four digits', () => {
    const first = Date.UTC(1970, 0, 1);
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    const same = (at: number) => assert.equal(isoTime(instant(at)), new Date(at).toISOString());
    for (const day of ['2000-02-29', '2100-02-28', '2100-03-01', '2024-12-31', '1969-12-31', '0000-01-01'])
      same(Date.parse(`${day}T23:59:59.999Z`));
    fc.assert(fc.property(fc.integer({ min: first, max: last }), same));
  });
});

describe('audit entry', () => {
  it('says who did what to what, when and why', () => {
    const event = {
      ...common,
      type: 'deployment.paused',
      deployment: d1,
      reason: 'a look at the logs',
    } as const;
    assert.deepEqual(entryOf(event), {
      event_id: 'e1',
      event_type: 'deployment.paused',
      timestamp: '2023-11-14T22:13:20.123Z',
      actor: 'ann',
      category: 'deployment',
      action: 'pause',
      status: 'success',
      target: 'shop/production',
      version: '1.4.0',
      reason: 'a look at the logs',
      ip_address: null,
      user_agent: null,
      deployment_id: 'd1',
      environment: 'production',
      details: { reason: 'a look at the logs' },
    });
  });

  it('finds the reason of a rollback in its cause, and of a gate in its outcome', () => {
    const rollback = { ...common, type: 'rollback.completed', deployment: d1, to: null } as const;
    assert.equal(entryOf(rollback)['reason'], null);
    const outcome = { verdict: 'fail', reason: '3 tests failed', figures: {}, evidence: null } as const;
    const gate = entryOf({ ...common, type: 'gate.failed', deployment: d1, gate: 'unit', outcome });
    assert.equal(gate['reason'], '3 tests failed');
    assert.equal(gate['status'], 'failure');
    assert.deepEqual(gate['details'], { gate: 'unit', outcome });
  });

  it('names the revision with its configuration once it is built', () => {
    const event = { ...common, type: 'deployment.resumed', deployment: d1 } as const;
    const subject = { ...aDeployment('d1'), revision: revision('2.0.0', 3) };
    assert.equal(entryOf(event, { subject })['version'], '2.0.0 (config 3)');
    assert.equal(entryOf(event, { subject: undefined })['version'], null);
  });

  it('takes from the details of an event outside any lane what they say', () => {
    const outside = { lane: null, deployment: null, subject: undefined };
    const details = {
      category: 'security',
      status: 'failure',
      target: '/hooks/github',
      reason: 'the signature does not match',
      ipAddress: '192.0.2.7',
      userAgent: 'curl/8',
    };
    const refused = entryOf({ ...common, type: 'event.refused', details }, outside);
    assert.deepEqual(refused, {
      event_id: 'e1',
      event_type: 'event.refused',
      timestamp: '2023-11-14T22:13:20.123Z',
      actor: 'ann',
      category: 'security',
      action: 'refused',
      status: 'failure',
      target: '/hooks/github',
      version: null,
      reason: 'the signature does not match',
      ip_address: '192.0.2.7',
      user_agent: 'curl/8',
      deployment_id: null,
      environment: null,
      details,
    });
    const started = entryOf({ ...common, type: 'server.started', details: {} }, outside);
    assert.deepEqual(
      [started['category'], started['action'], started['status'], started['target']],
      ['deployment', 'started', 'success', 'server'],
    );
    assert.equal(
      entryOf({ ...common, type: 'configuration.loaded', details: {} }, outside)['category'],
      'configuration',
    );
  });
});
