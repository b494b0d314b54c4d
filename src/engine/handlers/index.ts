import { SpillwayError } from '../../core/errors.ts';
import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Outcome } from '../../core/input.ts';
import type { ClaimedTask } from '../../ports/store.ts';
import type { Conclusion, TaskHandler } from '../task-handler.ts';
import type { Lanes } from '../lanes.ts';
import { effectOf } from '../tasks.ts';
import { Turns } from '../turns.ts';
import type { World } from '../world.ts';
import { build } from './build.ts';
import { gate } from './gate.ts';
import { preflight } from './preflight.ts';
import { prepare } from './prepare.ts';
import { retire } from './retire.ts';
import type { EffectHandler, EffectOf, ResultOf, Scope, WorkKind } from './scope.ts';
import { shift } from './shift.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';

/** One handler a kind of effect: a forgotten one does not compile. */
const handlers: { readonly [Kind in WorkKind]: EffectHandler<Kind> } = {
  preflight,
  build,
  gate,
  prepare,
  start,
  shift,
  verify,
  retire,
};

export const isWork = (kind: string): kind is WorkKind => Object.hasOwn(handlers, kind);

/** Nobody starts what another is about to end: of these, a lane does one at a time. A shift never waits for them. */
const CHANGES_INSTANCES: ReadonlySet<WorkKind> = new Set<WorkKind>(['start', 'retire']);

/** Does effects and hands what they came to back to the core, as one more input. */
export function effectTasks(
  world: World,
  lanes: Lanes,
  seen: (lane: LaneId) => Pick<Scope, 'lastReady' | 'presentTraffic'>,
): TaskHandler {
  const turns = new Turns();
  const conclude =
    (task: ClaimedTask, result: ResultOf<WorkKind>): Conclusion =>
    (completes) => {
      const effect = effectOf(task) as EffectOf<WorkKind>;
      const at = world.system.now();
      return lanes.submit(laneOf(task), { at, actor: 'spillway', ...outcomeOf(effect, result) }, completes);
    };
  return {
    deadline: (task) => effectOf(task).deadline,
    async run(task, signal) {
      const effect = effectOf(task) as EffectOf<WorkKind>;
      const deployment = await world.store.deployment(effect.deployment);
      if (deployment === undefined)
        throw new SpillwayError('not_found', `no deployment ${effect.deployment}`);
      const lane = laneOf(task);
      const scope = { world, lane, deployment, fence: task.fence, signal, ...seen(lane) };
      const handler = handlers[effect.kind] as (
        e: EffectOf<WorkKind>,
        s: Scope,
      ) => Promise<ResultOf<WorkKind>>;
      const work = async () => {
        signal.throwIfAborted();
        return handler(effect, scope);
      };
      const result = CHANGES_INSTANCES.has(effect.kind)
        ? await turns.take(routeOf(scope.lane), work)
        : await work();
      return conclude(task, result);
    },
    giveUp: (task, reason) => conclude(task, { ok: false, reason }),
  };
}

function laneOf(task: ClaimedTask) {
  if (task.lane === null) throw new SpillwayError('corrupt', `the task ${task.key} names no lane`);
  return task.lane;
}

/** The kind of the effect and that of its result agree by the table above. */
const outcomeOf = (effect: EffectOf<WorkKind>, result: ResultOf<WorkKind>): Outcome =>
  ({
    type: 'outcome',
    deployment: effect.deployment,
    key: effect.key,
    effect: effect.kind,
    ...('gate' in effect ? { gate: effect.gate } : {}),
    result,
  }) as Outcome;
