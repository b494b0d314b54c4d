import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { applicationName, deploymentId, environmentName } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import type { DeploymentQuery, EventQuery, Store } from '../../src/ports/store.ts';
import {
  SHOP,
  aDelivery,
  aDeployment,
  aLook,
  aSystemEvent,
  anAppend,
  laneNamed,
  resumed,
} from '../support/store-samples.ts';

const STAGING = laneNamed('shop', 'staging');

export function queryContract(store: () => Store): void {
  describe('deployments', () => deployments(store));
  describe('events', () => events(store));
  describe('small records', () => smallRecords(store));
}

function deployments(store: () => Store): void {
  const ids = async (query: Partial<DeploymentQuery>) =>
    (await store().deployments({ limit: 10, ...query })).map((one) => one.id);

  beforeEach(async () => {
    await store().append(
      anAppend({ deployments: [aDeployment('z'), aDeployment('a', { state: 'approved' })] }),
    );
    const staged = aDeployment('m', { state: 'approved' }, STAGING);
    await store().append(anAppend({ lane: STAGING, deployments: [staged] }));
    await store().append(anAppend({ expectedVersion: 1, deployments: [aDeployment('b')] }));
    const rejected = aDeployment('z', { state: 'rejected', reason: 'superseded' });
    await store().append(anAppend({ expectedVersion: 2, deployments: [rejected] }));
  });

  it('are listed newest request first, ended ones too', async () => {
    assert.deepEqual(await ids({}), ['b', 'm', 'a', 'z']);
    assert.deepEqual(await ids({ limit: 2 }), ['b', 'm']);
  });

  it('go on after a page', async () => {
    assert.deepEqual(await ids({ before: deploymentId('m'), limit: 1 }), ['a']);
    assert.deepEqual(await ids({ before: deploymentId('a') }), ['z']);
    assert.deepEqual(await ids({ before: deploymentId('z') }), []);
    assert.deepEqual(await ids({ before: deploymentId('unknown') }), []);
  });

  it('are found by lane, by a part of it, and by state', async () => {
    assert.deepEqual(await ids({ lane: SHOP }), ['b', 'a', 'z']);
    assert.deepEqual(await ids({ lane: { environment: environmentName('staging') } }), ['m']);
    assert.deepEqual(await ids({ lane: { application: applicationName('shop') } }), ['b', 'm', 'a', 'z']);
    assert.deepEqual(await ids({ states: ['approved', 'rejected'] }), ['m', 'a', 'z']);
    assert.deepEqual(await ids({ states: [] }), []);
    assert.deepEqual(await ids({ lane: SHOP, states: ['approved'], before: deploymentId('b') }), ['a']);
  });
}

function events(store: () => Store): void {
  const found = async (query: Partial<EventQuery>) =>
    (await store().events({ limit: 10, ...query })).map((one) => one.sequence);

  beforeEach(async () => {
    await store().append(anAppend({ events: [resumed('d1', 10), resumed('d2', 20, 'bob')] }));
    await store().append(anAppend({ lane: STAGING, events: [resumed('d3', 30)] }));
    await store().record([aSystemEvent('server.started', 40)], [], null);
    const paused = { type: 'deployment.paused', deployment: deploymentId('d1'), reason: 'look' } as const;
    await store().append(
      anAppend({ expectedVersion: 1, events: [{ ...paused, at: instant(50), actor: 'bob' }] }),
    );
  });

  it('come in the order of their commits, or newest first', async () => {
    assert.deepEqual(await found({}), [1, 2, 3, 4, 5]);
    assert.deepEqual(await found({ newestFirst: true, limit: 2 }), [5, 4]);
  });

  it('go on after a page, in both directions', async () => {
    assert.deepEqual(await found({ after: 2, limit: 2 }), [3, 4]);
    assert.deepEqual(await found({ before: 4, limit: 2, newestFirst: true }), [3, 2]);
    assert.deepEqual(await found({ after: 1, before: 4 }), [2, 3]);
    assert.deepEqual(await found({ after: 5 }), []);
  });

  it('are found by deployment, lane, type, actor and time', async () => {
    assert.deepEqual(await found({ deployment: deploymentId('d1') }), [1, 5]);
    assert.deepEqual(await found({ lane: SHOP }), [1, 2, 5]);
    assert.deepEqual(await found({ lane: { environment: environmentName('staging') } }), [3]);
    assert.deepEqual(await found({ types: ['deployment.paused', 'server.started'] }), [4, 5]);
    assert.deepEqual(await found({ actor: 'bob' }), [2, 5]);
    assert.deepEqual(await found({ from: instant(20), to: instant(40) }), [2, 3], 'without the end');
    assert.deepEqual(await found({ lane: SHOP, actor: 'bob', after: 2 }), [5]);
  });
}

function smallRecords(store: () => Store): void {
  it('give the looks at a deployment, oldest first', async () => {
    const d1 = deploymentId('d1');
    await store().appendSeries([aLook('d1', 20, 1), aLook('d2', 1), aLook('d1', 10, 2)]);
    await store().appendSeries([aLook('d1', 10, 3)]);
    const looks = [aLook('d1', 10, 2), aLook('d1', 10, 3), aLook('d1', 20, 1)];
    assert.deepEqual(await store().series(d1), looks);
    assert.deepEqual(await store().series(deploymentId('unknown')), []);
  });

  it('give attempts of deliveries, newest first', async () => {
    const attempts = [aDelivery('m1', 1, false), aDelivery('m2', 1, true), aDelivery('m1', 2, false)];
    for (const attempt of attempts) await store().recordDelivery(attempt);
    const all = { limit: 10, undeliveredOnly: false };
    assert.deepEqual(await store().deliveries(all), attempts.toReversed());
    assert.deepEqual(await store().deliveries({ ...all, limit: 1 }), [attempts[2]]);
  });

  it('tell which messages were not delivered: the last attempt failed', async () => {
    const undelivered = { limit: 10, undeliveredOnly: true };
    await store().recordDelivery(aDelivery('m1', 1, false));
    await store().recordDelivery({ ...aDelivery('m1', 1, true), channel: 'mail' });
    await store().recordDelivery(aDelivery('m2', 1, false));
    await store().recordDelivery(aDelivery('m2', 2, false));
    assert.deepEqual(await store().deliveries(undelivered), [
      aDelivery('m2', 2, false),
      aDelivery('m1', 1, false),
    ]);
    await store().recordDelivery(aDelivery('m2', 3, true));
    assert.deepEqual(await store().deliveries(undelivered), [aDelivery('m1', 1, false)]);
  });

  it('keep settings by name', async () => {
    assert.equal(await store().setting('checkpoint'), undefined);
    await store().putSetting('checkpoint', 'one');
    await store().putSetting('checkpoint', 'two');
    await store().putSetting('key', 'k');
    assert.equal(await store().setting('checkpoint'), 'two');
    assert.equal(await store().setting('key'), 'k');
  });
}
