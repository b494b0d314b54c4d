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

export interface Increase {
  readonly window: InstanceWindow;
  /** Steps that count nothing, since they make no sense. */
  readonly odd: number;
}

/** So many odd steps in what is looked at, and it is no counter. */
const ODD_STEPS = 2;

type Step = 'grown' | 'begun again' | 'odd';

/**
 * What an instance's counters grew by in `(from, to]`: from its last sample up to `from` to its last one up to `to`. Its first
 * sample of all is only where counting starts. A counter that began again is counted from 0; a step that could be that and could
 * be nonsense counts nothing.
 * @param samples in order of time, each moment once; those before `from` and after `to` help to tell a new life from nonsense
 * @throws SpillwayError `corrupt` when the samples are not those of counters
 */
export function increaseOf(name: string, samples: readonly Sample[], from: number, to: number): Increase {
  let [requests, errors, odd] = [0, 0, 0];
  let latency: Histogram | null = null;
  for (let i = 1; i < samples.length; i++) {
    const [before, sample] = [samples[i - 1] as Sample, samples[i] as Sample];
    const step = stepOf(name, before, sample, samples[i + 1]);
    if (step === 'odd' && ++odd >= ODD_STEPS)
      throw cannotBeTrue(`the counters of ${named(name)} go back and forth, so they are no counters`);
    if (step === 'odd' || sample.at <= from || sample.at > to) continue;
    const base = step === 'grown' ? before : undefined;
    requests += sample.requests - (base?.requests ?? 0);
    errors += sample.errors - (base?.errors ?? 0);
    if (sample.latency !== null) latency = grownBy(latency, sample.latency, base?.latency ?? null);
  }
  return { window: { name, requests, errors, latency }, odd };
}

/** How counters went from one sample to the next. @param next tells a new life from an answer by another process */
function stepOf(name: string, before: Sample, sample: Sample, next: Sample | undefined): Step {
  const fewer = sample.requests < before.requests;
  const back = fewer || sample.errors < before.errors || latencyFell(before.latency, sample.latency);
  if (before.life !== null && sample.life !== null) {
    if (before.life !== sample.life) return 'begun again';
    if (back)
      throw cannotBeTrue(`the counters of ${named(name)} have gone back although it was not restarted`);
    return 'grown';
  }
  if (!back) return 'grown';
  if (next !== undefined && fewer && next.requests >= before.requests)
    throw cannotBeTrue(
      `the requests of ${named(name)} went from ${before.requests} to ${sample.requests} to ${next.requests}: several processes answer under one address`,
    );
  // A process that has just begun has not soon done half of what the one before had.
  return fewer && sample.requests <= before.requests / 2 ? 'begun again' : 'odd';
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
