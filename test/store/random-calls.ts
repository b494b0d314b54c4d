import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StateName, Status } from '../../src/core/deployment.ts';
import { deploymentId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import type { NewTask, Store } from '../../src/ports/store.ts';
import {
  aDelivery,
  aDeployment,
  aLook,
  aSystemEvent,
  aTask,
  anAppend,
  anItem,
  laneNamed,
  resumed,
} from '../support/store-samples.ts';

/** What both stores have answered so far, from which later calls take versions and fences. */
interface Memory {
  readonly versions: Map<string, number>;
  readonly claims: Array<{ key: string; fence: number }>;
}

/** One call, made in the same way on either store. */
export type Step = (store: Store, memory: Memory) => Promise<unknown>;

const small = fc.nat({ max: 3 });
const lane = fc.constantFrom('shop', 'api').map((name) => laneNamed(name));
const deployment = small.map((n) => deploymentId(`d${n}`));
const state = fc.constantFrom<Extract<StateName, 'pending' | 'approved' | 'expired'> | 'ended'>(
  'pending',
  'approved',
  'ended',
);
const statusOf = (name: string): Status =>
  name === 'ended'
    ? { state: 'completed', soakComplete: true }
    : { state: name === 'approved' ? 'approved' : 'pending' };

const task: fc.Arbitrary<NewTask> = fc
  .record({
    n: fc.nat({ max: 30 }),
    deployment: fc.option(deployment),
    runAt: fc.nat({ max: 20 }).map(instant),
    queue: fc.constantFrom('', 'a', 'b'),
    priority: fc.constantFrom(0, 1, 2),
  })
  .map(({ n, ...more }) => aTask(`t${n}`, more));
const tasks = fc.array(task, { maxLength: 4, size: 'max' });

/** Mostly a claim that was made, sometimes with a fence of its own. */
const claimFrom = (memory: Memory, pick: number, off: number) => {
  const claim = memory.claims[pick % Math.max(memory.claims.length, 1)];
  return { key: claim?.key ?? 't0', fence: (claim?.fence ?? 0) + (off === 0 ? 1 : 0) };
};
const pick = fc.record({ which: fc.nat({ max: 50 }), off: fc.nat({ max: 5 }) });

const append: fc.Arbitrary<Step> = fc
  .record({
    lane,
    stale: fc.nat({ max: 5 }),
    events: fc.array(deployment, { maxLength: 3 }),
    deployments: fc.uniqueArray(fc.tuple(small, state), { maxLength: 2, selector: ([n]) => n }),
    tasks,
    cancel: fc.uniqueArray(deployment, { maxLength: 1 }),
    completes: fc.option(pick),
  })
  .map(({ stale, completes, ...asked }) => async (store, memory) => {
    const { application } = asked.lane;
    const version = memory.versions.get(application) ?? 0;
    const result = await store.append(
      anAppend({
        lane: asked.lane,
        expectedVersion: stale === 0 ? version + 1 : version,
        events: asked.events.map((id, index) => resumed(id, index)),
        // Ids name their lane: a deployment never moves to another one.
        deployments: asked.deployments.map(([n, name]) =>
          aDeployment(`${application}-${n}`, statusOf(name), asked.lane),
        ),
        tasks: asked.tasks,
        cancel: asked.cancel,
        completes: completes && claimFrom(memory, completes.which, completes.off),
      }),
    );
    if (result.ok) memory.versions.set(application, result.version);
    return result;
  });

const writes: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ tasks, completes: fc.option(pick) }).map(({ tasks: queued, completes }): Step => {
    return (store, memory) =>
      store.record(
        [aSystemEvent('server.started')],
        queued,
        completes && claimFrom(memory, completes.which, completes.off),
      );
  }),
  fc.record({ id: small, hash: small, task }).map((item): Step => {
    const hash = item.hash === 0 ? '' : `h${item.hash}`;
    return (store) => store.receive(anItem(`i${item.id}`, hash, { task: item.task }));
  }),
  fc
    .record({ now: fc.nat({ max: 20 }), limit: fc.nat({ max: 4 }) })
    .map(({ now, limit }): Step => async (store, memory) => {
      const claimed = await store.claim(instant(now), limit);
      memory.claims.push(...claimed.map(({ key, fence }) => ({ key, fence })));
      return claimed;
    }),
  pick.map(({ which, off }): Step => (store, memory) => {
    const { key, fence } = claimFrom(memory, which, off);
    return store.finish(key, fence);
  }),
  fc.record({ pick, runAt: fc.nat({ max: 20 }) }).map(({ pick: { which, off }, runAt }): Step => {
    return (store, memory) => {
      const { key, fence } = claimFrom(memory, which, off);
      return store.retry(key, fence, instant(runAt), 'no answer');
    };
  }),
  fc.record({ key: small, delivered: fc.boolean() }).map(
    ({ key, delivered }): Step =>
      (store) =>
        store.recordDelivery(aDelivery(`m${key}`, 1, delivered)),
  ),
  fc.record({ of: deployment, at: small }).map(
    ({ of, at }): Step =>
      (store) =>
        store.appendSeries([aLook(of, at)]),
  ),
  fc.constant<Step>((store) => store.drawFence()),
  fc.record({ series: small, rest: fc.nat({ max: 2000 }) }).map(
    ({ series, rest }): Step =>
      (store) =>
        store.prune(
          {
            series: instant(series),
            deliveries: instant(rest),
            payloads: instant(rest),
            inbox: instant(rest - 500),
            tasks: instant(rest % 30),
          },
          1000,
        ),
  ),
);
const looks = fc.constantFrom<Step>(
  (store) => store.nextDue(),
  (store) => store.sequenceAudit(),
);

const others = fc.oneof({ weight: 8, arbitrary: writes }, { weight: 1, arbitrary: looks });
const step = fc.oneof({ weight: 1, arbitrary: append }, { weight: 2, arbitrary: others });

/** All that can be asked of a store. */
const everything = async (store: Store) => ({
  lanes: await store.lanes(),
  shop: await store.loadLane(laneNamed('shop')),
  api: await store.loadLane(laneNamed('api')),
  deployments: await store.deployments({ limit: 100 }),
  approved: await store.deployments({ limit: 2, states: ['approved'], lane: laneNamed('shop') }),
  events: await store.events({ limit: 1000 }),
  some: await store.events({ limit: 5, newestFirst: true, deployment: deploymentId('d1') }),
  series: await store.series(deploymentId('d1')),
  undelivered: await store.deliveries({ limit: 10, undeliveredOnly: true }),
  tree: await store.sequenceAudit(),
  entries: await store.auditEntries(0, 1000),
  nextDue: await store.nextDue(),
  rest: await store.claim(instant(1000), 1000),
});

const remembered = (): Memory => ({ versions: new Map(), claims: [] });

const atMost120 = { maxLength: 120, size: 'max' } as const;
export const calls = fc.array(step, atMost120);
/** Those whose answers do not depend on each other's answers. */
export const callsAtOnce = fc.array(others, atMost120);
/** Of those only what is done in the order of the calls wherever reading does not wait in its line. */
export const writesAtOnce = fc.array(writes, atMost120);

/** Makes the calls one by one on a store and on its twin, and compares each answer, and in the end everything. */
export async function compareInTurn(real: Store, twin: Store, steps: readonly Step[]): Promise<void> {
  const [ofReal, ofTwin] = [remembered(), remembered()];
  for (const run of steps) assert.deepEqual(await run(real, ofReal), await run(twin, ofTwin));
  assert.deepEqual(await everything(real), await everything(twin));
}

/** The same, with all calls at once. */
export async function compareAtOnce(real: Store, twin: Store, steps: readonly Step[]): Promise<void> {
  const ofAll = (store: Store) => Promise.all(steps.map((run) => run(store, remembered())));
  assert.deepEqual(await ofAll(real), await ofAll(twin));
  assert.deepEqual(await everything(real), await everything(twin));
}
