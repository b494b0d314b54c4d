import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import { percentOf } from '../../src/core/weights.ts';
import { PATIENCE_MS, Scenario } from './support/scenario.ts';

/** Harm that is shown is harm of the last seconds, and no limit speaks before the comparison does. */
const COMPARISON = 'warm_up: 2s\n      rollback_threshold: 60';
const TRIGGERS = '\nautomatic_rollback_triggers: { error_rate: { threshold: 60, window: 10s } }\n';
/**
 * The share of requests that fails in any version; in one that is so much worse that the evidence takes seconds to grow from the first
 * stage to the second; in one beyond doubt; and in one that makes up for it.
 */
const USUAL = '0.05';
const WORSE = '0.12';
const BAD = '0.5';
const GOOD = '0.02';

describe('a release of which it is in doubt whether it is bad', () => {
  let scenario: Scenario;
  let faults: Readonly<Record<'stable' | 'canary', string>>;
  before(async () => {
    scenario = await Scenario.build();
    const file = (name: string) => join(scenario.place.dir, '..', name);
    faults = { stable: file('stable-faults'), canary: file('canary-faults') };
    writeFileSync(faults.stable, USUAL);
    await scenario.open({ version: 'first', faulty: faults.stable });
  });
  beforeEach(() => writeFileSync(faults.canary, USUAL));
  after(() => scenario.tearDown());

  /** The shares that were confirmed, in order. */
  const shares = (id: DeploymentId) =>
    scenario.journal
      .of(id)
      .flatMap((event) => (event.type === 'traffic.shifted' ? [percentOf(event.weight)] : []));

  const hasShares = (id: DeploymentId, ...wanted: readonly number[]) =>
    scenario.journal.until(
      `the shares ${wanted.join(', ')}`,
      PATIENCE_MS,
      () => wanted.every((share, i) => shares(id)[i] === share) || undefined,
    );

  /** Brings a release to most of the traffic, where it turns bad. */
  async function turnsBad(version: string): Promise<DeploymentId> {
    const id = await scenario.deploymentOf(
      scenario.release({ version, faulty: faults.canary, comparison: COMPARISON, metrics: TRIGGERS }),
    );
    await hasShares(id, 20, 80);
    writeFileSync(faults.canary, WORSE);
    return id;
  }

  it('retreats, and climbs again when it is better than that', async () => {
    const id = await turnsBad('second');
    await scenario.journal.until('a retreat', PATIENCE_MS, () =>
      scenario.journal.last(id, 'canary.retreated'),
    );
    writeFileSync(faults.canary, GOOD);
    await hasShares(id, 20, 80, 20, 80);
    await scenario.client.post(`/api/v1/deployments/${id}/abort`, { reason: 'seen enough' });
    await scenario.end(id);
  });

  it('retreats also when the server dies on its decision, and goes back when the harm is beyond doubt', async () => {
    await scenario.server.tell({ point: { writes: 'canary.retreated', side: 'after' } });
    const id = await turnsBad('third');
    await scenario.journal.until('its end', PATIENCE_MS, () => !scenario.server.running || undefined);
    // What is counted while no server looks would else be harm beyond doubt at the first look.
    writeFileSync(faults.canary, USUAL);
    await scenario.restart();
    await hasShares(id, 20, 80, 20);
    writeFileSync(faults.canary, BAD);
    const { status } = await scenario.end(id);
    assert.ok(status.state === 'failed' && status.rolledBack, JSON.stringify(status));
    assert.deepEqual(shares(id), [20, 80, 20]);
  });

  it('costs no user an answer that the release itself did not fail', () => {
    assert.equal(scenario.load?.dropped, 0, JSON.stringify(scenario.load?.drops));
  });
});
