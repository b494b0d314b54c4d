import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import type { PruneBefore, PruneCounts, Store } from '../../src/ports/store.ts';
import {
  aDelivery,
  aDeployment,
  aLook,
  aSystemEvent,
  aTask,
  anAppend,
  anItem,
  resumed,
} from '../support/store-samples.ts';

/** Nothing is that old. */
const NEVER: PruneBefore = {
  series: instant(0),
  deliveries: instant(0),
  payloads: instant(0),
  inbox: instant(0),
  tasks: instant(0),
};
const NOTHING: PruneCounts = { series: 0, deliveries: 0, payloads: 0, inbox: 0, tasks: 0 };
const COMPLETED = { state: 'completed', soakComplete: true } as const;

/** What may go, and above all what may not. */
export function pruneContract(store: () => Store): void {
  const prune = (before: Partial<PruneBefore>, limit = 100) => store().prune({ ...NEVER, ...before }, limit);
  describe('what is old', () => {
    it('is removed when it was asked for, in portions', () => portions(store(), prune));
    it('stays where a deployment lives, or ended since', () => liveStays(store(), prune));
    it('of what came in loses its payload first; a replay is recognised until the rest goes', () =>
      replays(store(), prune));
    it('of tasks is the key, unless the task is open or its deployment lives', () => keys(store(), prune));
    it('is never an event, a leaf or a deployment', () => keptForEver(store()));
  });
}

type Prune = (before: Partial<PruneBefore>, limit?: number) => Promise<PruneCounts>;

async function portions(store: Store, prune: Prune): Promise<void> {
  await store.appendSeries([1, 2, 3, 4, 5].map((at) => aLook('gone', at)));
  for (const attempt of [1, 2, 3]) await store.recordDelivery(aDelivery('m', attempt, false));
  assert.deepEqual(await prune({}), NOTHING);
  assert.deepEqual(await prune({ series: instant(5) }, 3), { ...NOTHING, series: 3 });
  assert.deepEqual(await prune({ series: instant(5) }, 3), { ...NOTHING, series: 1 });
  assert.deepEqual(await store.series(deploymentId('gone')), [aLook('gone', 5)]);
  // The n-th attempt was made at 1000 + n.
  assert.deepEqual(await prune({ deliveries: instant(1003) }, 1), { ...NOTHING, deliveries: 1 });
  assert.deepEqual(await prune({ deliveries: instant(1003) }), { ...NOTHING, deliveries: 1 });
  const left = await store.deliveries({ limit: 10, undeliveredOnly: false });
  assert.deepEqual(left, [aDelivery('m', 3, false)]);
}

async function liveStays(store: Store, prune: Prune): Promise<void> {
  const live = aDeployment('live');
  const ended = { ...aDeployment('ended', COMPLETED), since: instant(500) };
  await store.append(anAppend({ deployments: [live, ended], events: [resumed('live')] }));
  await store.appendSeries([aLook('live', 1), aLook('ended', 1), aLook('ended', 2)]);
  assert.deepEqual(await prune({ series: instant(500) }), NOTHING, 'it ended at 500, not before');
  assert.deepEqual(await prune({ series: instant(501) }), { ...NOTHING, series: 2 });
  assert.deepEqual(await store.series(live.id), [aLook('live', 1)]);

  const endedToo = { ...live, status: COMPLETED, since: instant(700) };
  await store.append(anAppend({ expectedVersion: 1, deployments: [endedToo], events: [resumed('live')] }));
  assert.deepEqual(await prune({ series: instant(700) }), NOTHING);
  assert.deepEqual(await prune({ series: instant(701) }), { ...NOTHING, series: 1 });
}

async function replays(store: Store, prune: Prune): Promise<void> {
  await store.receive(anItem('a', 'hash-a', { receivedAt: instant(100) }));
  await store.receive(anItem('b', 'hash-b', { receivedAt: instant(200) }));
  assert.deepEqual(await prune({ payloads: instant(200) }), { ...NOTHING, payloads: 1 });
  assert.deepEqual(await prune({ payloads: instant(200) }), NOTHING, 'it is empty already');
  assert.deepEqual(await prune({ payloads: instant(201) }), { ...NOTHING, payloads: 1 });
  assert.equal((await store.receive(anItem('a', 'other'))).duplicate, true, 'by its delivery id');
  assert.equal((await store.receive(anItem('c', 'hash-a'))).duplicate, true, 'by its body');
  const queued = await store.claim(instant(0), 10);
  assert.deepEqual(
    queued.map(({ payload }) => payload),
    [{ key: 'event/a' }, { key: 'event/b' }],
  );
  assert.deepEqual(await prune({ inbox: instant(200) }), { ...NOTHING, inbox: 1 });
  assert.equal((await store.receive(anItem('b', 'other'))).duplicate, true);
  assert.equal((await store.receive(anItem('a', 'hash-a'))).duplicate, false);
}

async function keys(store: Store, prune: Prune): Promise<void> {
  const tasks = [
    aTask('by itself', { runAt: instant(1) }),
    aTask('of the live', { runAt: instant(1), deployment: deploymentId('live') }),
    aTask('of the ended', { runAt: instant(1), deployment: deploymentId('ended') }),
    aTask('called off', { runAt: instant(9), deployment: deploymentId('ended') }),
    aTask('open', { runAt: instant(2) }),
  ];
  const ended = { ...aDeployment('ended', COMPLETED), since: instant(5) };
  const append = anAppend({ deployments: [aDeployment('live'), ended], events: [resumed('live')], tasks });
  await store.append(append);
  for (const { key, fence } of await store.claim(instant(1), 10)) await store.finish(key, fence);
  await store.append(anAppend({ expectedVersion: 1, cancel: [ended.id], events: [resumed('ended')] }));

  assert.deepEqual(await prune({ tasks: instant(5) }), { ...NOTHING, tasks: 1 }, 'that of no deployment');
  assert.deepEqual(await prune({ tasks: instant(9) }), { ...NOTHING, tasks: 1 }, 'that of the ended one');
  assert.deepEqual(await prune({ tasks: instant(99) }), { ...NOTHING, tasks: 1 }, 'what was due later');
  await store.record([], tasks, null);
  const again = await store.claim(instant(50), 10);
  assert.deepEqual(
    again.map(({ key }) => key).toSorted(),
    ['by itself', 'called off', 'of the ended', 'open'],
    'what is open was not queued again, and what a live deployment has had neither',
  );
  assert.deepEqual(
    again.map(({ attempt }) => attempt),
    [1, 1, 1, 1],
  );
}

async function keptForEver(store: Store): Promise<void> {
  const ended = aDeployment('ended', COMPLETED);
  await store.append(anAppend({ deployments: [ended], events: [resumed('ended', 1)] }));
  await store.record([aSystemEvent('server.started', 1)], [], null);
  await store.putSetting('name', 'value');
  const tree = await store.sequenceAudit();
  const events = await store.events({ limit: 10 });
  const far = instant(1e12);
  await store.prune({ series: far, deliveries: far, payloads: far, inbox: far, tasks: far }, 100);
  assert.deepEqual(await store.events({ limit: 10 }), events);
  assert.equal((await store.auditEntries(0, 10)).length, tree.size);
  assert.deepEqual(await store.sequenceAudit(), tree);
  assert.deepEqual(await store.deployment(ended.id), ended);
  assert.equal(await store.setting('name'), 'value');
}
