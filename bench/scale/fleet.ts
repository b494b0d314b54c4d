import type { Json } from '../../src/core/json.ts';
import type { Lane } from '../../src/core/lane.ts';
import { days, hours, minutes, seconds, type Instant } from '../../src/core/time.ts';
import type { LaneAppend, NewTask, Store } from '../../src/ports/store.ts';
import { World } from '../../test/core/given.ts';

const SOAK = days(2);

/** A lane as it is some minutes after its second release has taken all of the traffic. */
function soaking(now: Instant): { readonly lane: Lane; readonly timers: readonly NewTask[] } {
  const world = new World();
  world.now = (now - hours(1)) as Instant;
  world.serving('v1');
  const plan = {
    soak: SOAK,
    duringSoak: 'replace',
    health: { interval: seconds(30), consecutiveFailures: 3, startTimeout: minutes(5) },
  } as const;
  const id = world.request('v2', plan);
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  while (world.state(id) === 'deploying') {
    world.pass(seconds(10));
    world.verdict(id, 'ok');
    for (const kind of ['start', 'shift'] as const)
      if (world.open.some((effect) => effect.deployment === id && effect.kind === kind))
        world.answer(id, kind);
  }
  world.answer(id, 'verify');
  if (world.state(id) !== 'monitoring') throw new Error(`it is ${world.state(id)}`);
  const timers = world.open.flatMap((effect): readonly NewTask[] =>
    effect.kind === 'timer' && effect.deployment === id
      ? [
          {
            key: effect.key,
            kind: 'timer',
            lane: world.lane.id,
            deployment: id,
            payload: effect as unknown as Json,
            runAt: effect.at,
            queue: 'shop',
            priority: 1,
          },
        ]
      : [],
  );
  return { lane: world.lane, timers };
}

/** Puts so many lanes with a rollout in monitoring into a store, each an application of its own. */
export async function addFleet(store: Store, count: number, now: Instant): Promise<void> {
  const { lane, timers } = soaking(now);
  const template = JSON.stringify({ lane, timers });
  for (let from = 0; from < count; from += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, count - from) }, (_, i) =>
        store.append(appendOf(template, nameOf(from + i))),
      ),
    );
}

const nameOf = (n: number) => `app-${String(n).padStart(5, '0')}`;

function appendOf(template: string, name: string): LaneAppend {
  const text = template
    .replaceAll('"shop"', `"${name}"`)
    .replaceAll('"v2"', `"${name}-v2"`)
    .replaceAll('"v2/', `"${name}-v2/`);
  const { lane, timers } = JSON.parse(text) as { lane: Lane; timers: readonly NewTask[] };
  return {
    lane: lane.id,
    expectedVersion: 0,
    environment: lane.environment,
    deployments: lane.deployments,
    events: [],
    tasks: timers,
    cancel: [],
    completes: null,
  };
}
