import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  type AssessmentContext,
  type Judge,
  type SparseHistogram,
  type Tick,
} from '../../src/judge/index.ts';
import { median, type Measured } from '../lib/report.ts';
import { healthy } from './scenarios.ts';
import { createRandom } from './stream/random.ts';
import { Stream } from './stream/stream.ts';

const ROUNDS = 9;
const TICKS = 2000;
const OBSERVATIONS = 1_000_000;
/** Errors and latency: what a tick of this rollout is evidence on. */
const EVIDENCE_ARMS = 2;
/** Judges at once, so many that their state does not stay in the processor's caches. */
const ROLLOUTS = 500;
const ROLLOUT_TICKS = 20;

/** What the judge costs on this machine. */
export const measureCost = (): readonly Measured[] => [
  {
    what: 'cost of a tick, per kind of evidence (errors, latency)',
    unit: 'us',
    value: median(Array.from({ length: ROUNDS }, tickCost)) / EVIDENCE_ARMS,
    bar: { on: 'value', atMost: 1 },
  },
  {
    what: 'cost of an observation of latency',
    unit: 'ns',
    value: median(Array.from({ length: ROUNDS }, observationCost)),
    bar: { on: 'value', atMost: 50 },
  },
  {
    what: 'a verdict per second for 10,000 rollouts',
    unit: '% of a core',
    value: (100 * 10_000 * median(Array.from({ length: ROUNDS }, verdictCost))) / 1e6,
    bar: { on: 'value', atMost: 10 },
  },
];

/** Ticks that share nothing, as a traffic provider gives them. */
function ticksOf(seed: number, count: number): ReadonlyArray<Tick<SparseHistogram>> {
  const stream = new Stream({ scenario: healthy.steady(0.01), seed, counting: 'request' });
  return Array.from({ length: count }, () => structuredClone(stream.next([])));
}

/** Microseconds a tick. */
function tickCost(): number {
  const ticks = ticksOf(1, TICKS);
  const judge = createJudge(DEFAULT_SETTINGS, 0);
  const began = performance.now();
  for (const tick of ticks) observe(judge, tick);
  return ((performance.now() - began) * 1000) / TICKS;
}

/** Nanoseconds a call of `recordLatency`. */
function observationCost(): number {
  const random = createRandom(1);
  const latencies = Float64Array.from({ length: 4096 }, () => 20 + 400 * random.unit());
  const histogram = createHistogram();
  const began = performance.now();
  for (let i = 0; i < OBSERVATIONS; i++) recordLatency(histogram, latencies[i & 4095] as number);
  return ((performance.now() - began) * 1e6) / OBSERVATIONS;
}

/** Microseconds for one rollout's tick and the verdict after it, all rollouts in turn. */
function verdictCost(): number {
  const ticks = ticksOf(2, ROLLOUT_TICKS);
  const judges: Judge[] = Array.from({ length: ROLLOUTS }, () => createJudge(DEFAULT_SETTINGS, 0));
  const context: AssessmentContext = {
    now: 0,
    stepStartedAt: 0,
    minStepMs: 60_000,
    maxStepMs: 3_600_000,
    concurrentBaseline: true,
    certificateRequired: true,
    staleAfterMs: 30_000,
  };
  const began = performance.now();
  for (const tick of ticks)
    for (const judge of judges) {
      observe(judge, tick);
      assess(judge, { ...context, now: tick.at });
    }
  return ((performance.now() - began) * 1000) / (ROLLOUTS * ROLLOUT_TICKS);
}
