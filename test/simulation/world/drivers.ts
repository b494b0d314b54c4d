import { routeOf, type InstanceId } from '../../../src/core/ids.ts';
import type { GateOutcome } from '../../../src/core/deployment.ts';
import type { GateRunner } from '../../../src/ports/gate.ts';
import type { Notifier, Receipt } from '../../../src/ports/notifier.ts';
import type { Source } from '../../../src/ports/source.ts';
import type { ObservedInstance, Target } from '../../../src/ports/target.ts';
import type { ObservedRoute, Routing, Traffic } from '../../../src/ports/traffic.ts';
import type { Act } from '../invariants/invariant.ts';
import type { Mutant } from '../mutants/mutant.ts';
import type { Hazards, Surroundings, Wire } from '../wire.ts';
import type { Releases } from './releases.ts';
import { SimSource } from './source.ts';

/** The parts of the simulated world, which outlive every process of Spillway. */
export interface Parts {
  readonly traffic: Traffic;
  readonly target: Target;
  readonly releases: Releases;
  readonly onAct: (act: Act) => void;
  /** A bug in how the program deals with them. */
  readonly mutant: Mutant | undefined;
}

/** Milliseconds. */
const LONGEST_BUILD = 4000;
const LONGEST_GATE = 6000;

const LOOK: Hazards = { faults: ['slow', 'refused'] };
/** Done by the caller's own process: what is on its way dies with it. */
const WORK: Hazards = { faults: ['crash at a call', 'slow', 'refused', 'answer lost'] };
/** Asked of another process. */
const SEND: Hazards = { faults: [...WORK.faults, 'arrives twice', 'crash while sending'], outlives: true };

export function targetOver({ target, onAct }: Parts, wire: Wire, { faults }: Surroundings): Target {
  const seen = new Map<string, readonly ObservedInstance[]>();
  return {
    capabilities: target.capabilities,
    observe: (lane) =>
      wire.call(`target.observe ${routeOf(lane)}`, LOOK, async () => {
        const before = seen.get(routeOf(lane));
        const now = await target.observe(lane);
        seen.set(routeOf(lane), now);
        return before !== undefined && faults.strikes('stale') ? before : now;
      }),
    prepare: (lane, revision, artifact) =>
      wire.call('target.prepare', WORK, () => target.prepare(lane, revision, artifact)),
    start: (request) =>
      wire.call(
        `target.start ${request.count} of ${request.revision.release.version} as ${request.key}`,
        WORK,
        () => {
          onAct({ kind: 'start', key: request.key });
          return target.start(request);
        },
      ),
    stop: (lane, ids, grace) =>
      wire.call(`target.stop ${list(ids)}`, WORK, () => target.stop(lane, ids, grace)),
    remove: (lane, keep) => wire.call('target.remove', WORK, () => target.remove(lane, keep)),
    logs: (lane, id, lines) => wire.call('target.logs', LOOK, () => target.logs(lane, id, lines)),
  };
}

export function trafficOver({ traffic }: Parts, wire: Wire, { faults, trace }: Surroundings): Traffic {
  const seen = new Map<string, ObservedRoute | undefined>();
  /** Routes of which a change was said to be made, and was not: it would be too much to lie of them twice. */
  const ignored = new Set<string>();
  return {
    observe: (route) =>
      wire.call(`traffic.observe ${route}`, LOOK, async () => {
        const before = seen.get(route);
        const now = await traffic.observe(route);
        seen.set(route, now);
        const mayLie = before !== undefined && !ignored.has(route);
        if (!mayLie || !faults.strikes('stale')) return now;
        trace.add('world', `fault: stale: traffic.observe ${route}`);
        return before;
      }),
    set: (routing, fence) =>
      wire.call(`traffic.set ${told(routing)} under ${fence}`, SEND, async () => {
        if (faults.strikes('ignored')) {
          ignored.add(routing.route);
          return trace.add('world', `fault: ignored: ${told(routing)} under ${fence}`);
        }
        await traffic.set(routing, fence);
        ignored.delete(routing.route);
      }),
    drain: (route, ids, limit) =>
      wire.call(`traffic.drain ${route} ${list(ids)}`, WORK, () => traffic.drain(route, ids, limit)),
    watchSlow: (route, buckets) =>
      wire.call(`traffic.watchSlow ${route}`, LOOK, () => traffic.watchSlow(route, buckets)),
    counts: (route) => wire.call(`traffic.counts ${route}`, LOOK, () => traffic.counts(route)),
  };
}

export function sourceOver(
  { releases, onAct }: Parts,
  wire: Wire,
  { schedule, random }: Surroundings,
): Source {
  const source = new SimSource(releases, (key) => onAct({ kind: 'build', key }));
  return {
    resolve: (ref) => wire.call('source.resolve', LOOK, () => source.resolve(ref)),
    read: (commit) => wire.call('source.read', LOOK, () => source.read(commit)),
    changedPaths: () => wire.call('source.changedPaths', LOOK, () => source.changedPaths()),
    build: (key, application, commit) =>
      wire.call(`source.build ${key}`, WORK, async () => {
        await schedule.sleep(random.below(LONGEST_BUILD));
        return source.build(key, application, commit);
      }),
    artifact: (digest) => wire.call('source.artifact', LOOK, () => source.artifact(digest)),
  };
}

export function gateOver(
  { releases, onAct }: Parts,
  wire: Wire,
  { schedule, random }: Surroundings,
): GateRunner {
  return {
    run: (gate, { key, release }) =>
      wire.call(`gate ${gate.name} as ${key}`, WORK, async (): Promise<GateOutcome> => {
        onAct({ kind: 'gate', key });
        const quality = releases.qualityOf(release.version);
        if (quality === 'hangs in its gate') await new Promise(() => undefined);
        await schedule.sleep(random.below(LONGEST_GATE));
        const verdict = quality === 'fails its gate' ? 'fail' : 'pass';
        return { verdict, reason: `the release ${quality}`, figures: {}, evidence: null };
      }),
  };
}

export function notifierOver({ onAct }: Parts, wire: Wire, { faults }: Surroundings): Notifier {
  return {
    deliver: (message, key) =>
      wire.call(`deliver ${message.type}`, WORK, (): Receipt => {
        onAct({ kind: 'deliver', key });
        const delivered = !faults.strikes('undelivered');
        return {
          delivered,
          answer: delivered ? '204' : '503',
          latencyMs: 1,
          retryAfterMs: null,
          retry: !delivered,
        };
      }),
  };
}

const list = (ids: readonly InstanceId[]) => ids.join(' ');

/** `app0/production: stable v1 9000 [i1 i2], canary v2 1000 [i3]` */
function told({ route, arms }: Routing): string {
  const parts = arms.map(
    ({ arm, version, weight, endpoints }) =>
      `${arm} ${version} ${weight} [${endpoints.map(({ instance }) => instance).join(' ')}]`,
  );
  return `${route}: ${parts.join(', ') || 'withdrawn'}`;
}
