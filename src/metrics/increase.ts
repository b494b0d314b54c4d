import { createHistogram, type Histogram, type InstanceWindow } from '../ports/metrics.ts';
import { cannotBeTrue } from './refusal.ts';

/** An instance's counters at one moment. */
export interface Sample {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Names the life of the counters where the source knows it: they began at 0 with it. */
  readonly life: string | null;
  readonly requests: number;
  readonly errors: number;
  readonly latency: Histogram | null;
}

/** Totals below this may be reached again soon after a restart. */
const SOON = 100;

/**
 * What an instance's counters grew by in `(from, to]`: from its last sample up to `from` to its last one up to `to`. Its first
 * sample of all is only where counting starts. A counter that began again is counted from 0.
 * @param samples in order of time, each moment once; those before `from` and after `to` help to tell a new life from nonsense
 * @throws SpillwayError `corrupt` when the samples are not those of counters
 */
export function increaseOf(
  name: string,
  samples: readonly Sample[],
  from: number,
  to: number,
): InstanceWindow {
  let [requests, errors] = [0, 0];
  let latency: Histogram | null = null;
  for (let i = 1; i < samples.length; i++) {
    const [before, sample] = [samples[i - 1] as Sample, samples[i] as Sample];
    const base = hasBegunAgain(name, before, sample, samples[i + 1]) ? undefined : before;
    if (sample.at <= from || sample.at > to) continue;
    requests += sample.requests - (base?.requests ?? 0);
    errors += sample.errors - (base?.errors ?? 0);
    if (sample.latency !== null) latency = grownBy(latency, sample.latency, base?.latency ?? null);
  }
  return { name, requests, errors, latency };
}

/**
 * Whether counters began again between two samples.
 * @param next tells a new life from an answer by another process
 * @throws SpillwayError `corrupt` where they went back in another way
 */
function hasBegunAgain(name: string, before: Sample, sample: Sample, next: Sample | undefined): boolean {
  const fewer = sample.requests < before.requests;
  const back = fewer || sample.errors < before.errors || latencyFell(before.latency, sample.latency);
  if (before.life !== null && sample.life !== null) {
    if (before.life !== sample.life) return true;
    if (back)
      throw cannotBeTrue(`the counters of ${named(name)} have gone back although it was not restarted`);
    return false;
  }
  if (!back) return false;
  if (next !== undefined && fewer && next.requests >= before.requests)
    throw cannotBeTrue(
      `the requests of ${named(name)} went from ${before.requests} to ${sample.requests} to ${next.requests}: several processes answer under one address`,
    );
  // A process that has just begun has not soon done half of what the one before had.
  if (fewer && (sample.requests <= before.requests / 2 || before.requests < SOON)) return true;
  throw cannotBeTrue(
    fewer
      ? `the requests of ${named(name)} went from ${before.requests} to ${sample.requests}, which no restart explains`
      : `the errors or latencies of ${named(name)} went back while its requests did not, so they are no counters`,
  );
}

const named = (instance: string) => (instance === '' ? 'this version' : instance);

const latencyFell = (before: Histogram | null, now: Histogram | null): boolean =>
  before !== null && now !== null && now.some((count, bucket) => count < (before[bucket] ?? 0));

function grownBy(sum: Histogram | null, now: Histogram, before: Histogram | null): Histogram {
  const grown = sum ?? createHistogram();
  for (let bucket = 0; bucket < now.length; bucket++)
    grown[bucket] = (grown[bucket] ?? 0) + (now[bucket] ?? 0) - (before?.[bucket] ?? 0);
  return grown;
}
