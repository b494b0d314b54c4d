import { SpillwayError } from '../../core/errors.ts';
import { instanceId, routeOf, type InstanceId, type LaneId, type RevisionDigest } from '../../core/ids.ts';
import { after, elapsed, type Duration, type Instant } from '../../core/time.ts';
import type { System } from '../../ports/system.ts';
import type { InstanceHealth, ObservedInstance, Role, StartRequest, Target } from '../../ports/target.ts';

/** How one instance behaves; what is not said goes well at once. */
export interface Behaviour {
  /** The launch itself fails with `unavailable`. */
  readonly launchFails?: boolean;
  /** `never`, or how long it takes from the start. */
  readonly healthyAfter?: Duration | 'never';
  readonly unhealthyAfter?: Duration;
  readonly crashAfter?: Duration;
  readonly crashCode?: number | null;
  /** From SIGTERM to the end; beyond the grace it is killed. */
  readonly stopTakes?: Duration;
}

export interface DummyOptions {
  readonly system: System;
  /** @param launch 1 for the first that this target was asked for, whatever the lane. */
  readonly script?: (launch: number, request: StartRequest) => Behaviour;
}

interface Instance {
  readonly id: InstanceId;
  readonly revision: RevisionDigest;
  readonly role: Role;
  readonly port: number;
  readonly startedAt: Instant;
  readonly behaviour: Behaviour;
  stopping: boolean;
  exit: ObservedInstance['exit'];
}

interface Lane {
  readonly prepared: Set<RevisionDigest>;
  instances: Instance[];
}

/** What was asked of it, in order; for tests that compare with what should have been. */
export interface DummyCall {
  readonly method: 'prepare' | 'start' | 'stop' | 'remove';
  readonly lane: LaneId;
}

export type DummyTarget = Target & { readonly calls: readonly DummyCall[] };

const FIRST_PORT = 40_000;

/**
 * A target without processes: it keeps the port's contract in memory, misbehaves as scripted, and rejects a wrong order
 * of calls with `conflict` where a real one would forgive it.
 */
export function createDummyTarget({ system, script = () => ({}) }: DummyOptions): DummyTarget {
  const lanes = new Map<string, Lane>();
  const calls: DummyCall[] = [];
  let launches = 0;

  const laneOf = (id: LaneId): Lane => {
    const lane = lanes.get(routeOf(id)) ?? { prepared: new Set(), instances: [] };
    lanes.set(routeOf(id), lane);
    for (const instance of lane.instances) settle(instance, system.now());
    return lane;
  };

  const launch = (request: StartRequest, lane: Lane): void => {
    launches += 1;
    const behaviour = script(launches, request);
    if (behaviour.launchFails) throw new SpillwayError('unavailable', `launch ${launches} fails as scripted`);
    lane.instances.push({
      id: instanceId(`dummy-${launches}`),
      revision: request.revision.digest,
      role: request.role ?? 'serving',
      port: FIRST_PORT + launches,
      startedAt: system.now(),
      behaviour,
      stopping: false,
      exit: null,
    });
  };

  return {
    calls,
    capabilities: { sideBySide: true },

    observe: async (lane) => laneOf(lane).instances.map((instance) => observed(instance, system.now())),

    prepare: async (lane, revision) => {
      calls.push({ method: 'prepare', lane });
      laneOf(lane).prepared.add(revision.digest);
    },

    start: async (request) => {
      calls.push({ method: 'start', lane: request.lane });
      const lane = laneOf(request.lane);
      if (!lane.prepared.has(request.revision.digest))
        throw new SpillwayError('conflict', 'started before it was prepared');
      const { role = 'serving', revision, count } = request;
      const present = lane.instances.filter(
        (one) => one.revision === revision.digest && one.role === role && one.exit === null && !one.stopping,
      );
      for (let missing = count - present.length; missing > 0; missing--) launch(request, lane);
    },

    stop: async (lane, ids, grace) => {
      calls.push({ method: 'stop', lane });
      const asked = laneOf(lane).instances.filter((one) => ids.includes(one.id));
      await Promise.all(asked.map((instance) => stop(instance, grace, system)));
    },

    remove: async (id, keep) => {
      calls.push({ method: 'remove', lane: id });
      const lane = laneOf(id);
      const running = lane.instances.find((one) => one.exit === null && !keep.includes(one.revision));
      if (running) throw new SpillwayError('conflict', `${running.id} was not stopped before it is removed`);
      lane.instances = lane.instances.filter((one) => one.exit === null);
    },

    logs: async (lane, id, lines) => {
      const instance = laneOf(lane).instances.find((one) => one.id === id);
      if (!instance) throw new SpillwayError('not_found', `there is no instance ${id}`);
      return [`${id} was started`].slice(0, lines);
    },
  };
}

/** Lets happen what the script says has happened by now. */
function settle(instance: Instance, now: Instant): void {
  const { crashAfter, crashCode = 1 } = instance.behaviour;
  if (crashAfter === undefined || instance.exit || elapsed(instance.startedAt, now) < crashAfter) return;
  instance.exit = { code: crashCode, at: after(instance.startedAt, crashAfter) };
}

async function stop(instance: Instance, grace: Duration, system: System): Promise<void> {
  if (instance.exit) return;
  instance.stopping = true;
  const { stopTakes } = instance.behaviour;
  const killed = stopTakes !== undefined && stopTakes > grace;
  if (stopTakes !== undefined) await system.sleep(killed ? grace : stopTakes);
  instance.exit ??= { code: killed ? 137 : 143, at: system.now() };
}

function observed(instance: Instance, now: Instant): ObservedInstance {
  const { id, revision, role, port, startedAt, stopping, exit } = instance;
  const known = {
    id,
    revision,
    role,
    endpoint: { instance: id, host: '127.0.0.1', port },
    startedAt,
    stopping,
    exit,
  };
  if (exit)
    return {
      ...known,
      alive: false,
      health: 'unhealthy',
      detail: `exited with code ${exit.code ?? 'unknown'}`,
    };
  const health = healthAt(instance, now);
  return { ...known, alive: true, health, detail: health === 'healthy' ? '' : `${health} as scripted` };
}

function healthAt({ behaviour, startedAt }: Instance, now: Instant): InstanceHealth {
  const age = elapsed(startedAt, now);
  const { healthyAfter = 0, unhealthyAfter = Infinity } = behaviour;
  if (healthyAfter === 'never' || age < healthyAfter) return 'starting';
  return age < unhealthyAfter ? 'healthy' : 'unhealthy';
}
