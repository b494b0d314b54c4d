import { revisionDigest } from '../core/ids.ts';
import { instant, type Instant } from '../core/time.ts';
import {
  countFrom,
  createHistogram,
  mergeInto,
  type ArmTick,
  type JudgeSettings,
  type Tick,
} from '../judge/index.ts';
import type { MetricArm, MetricQuery, MetricSource, MetricWindow } from '../ports/metrics.ts';

/** Two versions that something else rolls out, and where they are counted. */
export interface Watched {
  readonly source: MetricSource;
  readonly query: MetricQuery;
  readonly canary: string;
  readonly stable: string;
}

/** Up to when each version is counted. */
export type Counted = Readonly<Record<Side, Instant>>;

type Side = 'canary' | 'stable';

/** What both versions did over the same time. */
export interface SeenTick {
  readonly tick: Tick;
  readonly unit: JudgeSettings['unit'];
  readonly counted: Counted;
}

/** What was never there for so long is not looked for further back. */
const LONGEST_MS = 1_800_000;
/** Sources that are asked for one version after the other are that far apart. */
const AT_ONCE_MS = 250;

/**
 * The next tick: both versions from where they are counted up to the moment to which both are final. Undefined where nothing is
 * final yet.
 * @param slowFrom the judge's `slowThresholds`
 * @throws SpillwayError as `MetricSource.window`
 */
export async function nextTick(
  watched: Watched,
  from: Counted,
  to: Instant,
  slowFrom: ArrayLike<number> = [],
): Promise<SeenTick | undefined> {
  const { source, query } = watched;
  const ask = (side: Side, until: Instant) => {
    const version = watched[side];
    const arm: MetricArm = { arm: side, version, revision: revisionDigest(version), instances: null };
    const since = instant(Math.max(from[side], to - LONGEST_MS));
    return source.window(query, arm, since, until);
  };
  const [canary, stable] = await Promise.all([ask('canary', to), ask('stable', to)]);
  const present = [canary, stable].filter(({ instances }) => instances.length > 0);
  if (present.length === 0) return undefined;
  const until = instant(Math.min(...present.map(({ watermark }) => watermark)));
  if (until <= Math.min(from.canary, from.stable)) return undefined;
  const upTo = (window: MetricWindow, side: Side) =>
    window.watermark - until > AT_ONCE_MS ? ask(side, until) : window;
  const even = { canary: await upTo(canary, 'canary'), stable: await upTo(stable, 'stable') };
  // For a version that is not there, time passes with the other's.
  const counted = (side: Side) =>
    even[side].instances.length === 0 ? instant(Math.max(from[side], until)) : even[side].watermark;
  return {
    counted: { canary: counted('canary'), stable: counted('stable') },
    unit: canary.unit,
    tick: tickOf(even, until, (until - Math.min(from.canary, from.stable)) / 60_000, slowFrom),
  };
}

const tickOf = (
  windows: Readonly<Record<Side, MetricWindow>>,
  at: Instant,
  minutes: number,
  slowFrom: ArrayLike<number>,
): Tick => ({
  at,
  canary: armTick(windows.canary, minutes),
  baseline: armTick(windows.stable, minutes),
  stableInstances: windows.stable.instances.map(({ name, requests, errors, latency }) => ({
    name,
    requests,
    errors,
    // Where clients are counted a source does not tell which of them were slow.
    ...(latency === null || slowFrom.length === 0 || windows.stable.unit === 'client'
      ? {}
      : { slow: Array.from(slowFrom, (bucket) => countFrom(latency, bucket)) }),
  })),
});

function armTick({ instances }: MetricWindow, minutes: number): ArmTick {
  const latency = createHistogram();
  let requests = 0;
  let errors = 0;
  for (const one of instances) {
    requests += one.requests;
    errors += one.errors;
    if (one.latency !== null) mergeInto(latency, one.latency);
  }
  return { requests, errors, latency, crashes: 0, instanceMinutes: minutes * instances.length };
}
