import { instant, type Instant } from '../../core/time.ts';
import { createHistogram, mergeInto, type ArmTick, type Tick } from '../../judge/index.ts';
import type { MetricHistory, PastCount } from '../../ports/history.ts';
import type { PastDeployment } from './find.ts';

/** What a past deployment's versions did side by side, step by step. */
export async function traceOf(
  history: MetricHistory,
  { version, stable, from, until }: PastDeployment,
  { stepMs, longestMs }: { readonly stepMs: number; readonly longestMs: number },
): Promise<readonly Tick[]> {
  // One step earlier, so that the first requests have something to be counted from.
  const start = instant(from - stepMs);
  const end = instant(Math.min(until, from + longestMs));
  const [canary, baseline] = await Promise.all([
    history.counts(version, start, end, stepMs),
    history.counts(stable, start, end, stepMs),
  ]);
  const [canaryAt, baselineAt] = [byTime(canary), byTime(baseline)];
  const times = [...new Set([...canaryAt.keys(), ...baselineAt.keys()])].toSorted((a, b) => a - b);
  return times.map((at): Tick => {
    const stables = baselineAt.get(at) ?? [];
    return {
      at,
      canary: armTick(canaryAt.get(at) ?? [], stepMs),
      baseline: armTick(stables, stepMs),
      stableInstances: stables.map(({ instance, requests, errors }) => ({
        name: instance,
        requests,
        errors,
      })),
    };
  });
}

const byTime = (counts: readonly PastCount[]): ReadonlyMap<Instant, readonly PastCount[]> =>
  Map.groupBy(counts, ({ at }) => at);

function armTick(counts: readonly PastCount[], stepMs: number): ArmTick {
  const latency = createHistogram();
  for (const one of counts) if (one.latency !== null) mergeInto(latency, one.latency);
  return {
    requests: counts.reduce((sum, { requests }) => sum + requests, 0),
    errors: counts.reduce((sum, { errors }) => sum + errors, 0),
    latency,
    crashes: 0,
    instanceMinutes: (counts.length * stepMs) / 60_000,
  };
}
