/**
 * What the judge costs: evidence by the tick, latencies by the observation, verdicts by the second. Ticks come with sparse histograms,
 * of a service with 200 requests a second of which the canary has a tenth.
 */
import { createCounts, readCounts } from '../../src/judge/counts.ts';
import {
  assess,
  bucketOf,
  countFrom,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  mergeInto,
  observe,
  recordLatency,
  type AssessmentContext,
  type Latencies,
  type SparseHistogram,
  type Tick,
} from '../../src/judge/index.ts';
import {
  certificateLogE,
  createCertificate,
  feedCertificate,
} from '../../src/judge/sequential/certificate.ts';
import {
  createLatencyTest,
  feedLatency,
  LATENCY_QUANTILES,
  latencyLogE,
  setThresholds,
} from '../../src/judge/sequential/latency.ts';
import {
  createLatencyDispersion,
  feedLatencyDispersion,
} from '../../src/judge/sequential/latency-dispersion.ts';
import { logEOf, onsetWithin, RATE_GRID } from '../../src/judge/sequential/mixture.ts';
import { createPlaces, findPlaces } from '../../src/judge/sequential/places.ts';
import { createRatioTest, feedRatio } from '../../src/judge/sequential/ratio.ts';
import { MOST_OF_ERRORS, MOST_OF_SLOW } from '../../src/judge/settings.ts';
import { median, type Measured } from '../lib/report.ts';
import { healthy } from './scenarios.ts';
import { createRandom } from './stream/random.ts';
import { Stream } from './stream/stream.ts';

/** What is slow in the simulated service: its quantiles, as buckets. */
const SLOW_FROM = [100, 190, 228, 320].map((ms) => bucketOf(ms) + 1);
const ROUNDS = 15;
const TICKS = 4000;
/** So few that they stay in the processor's caches, as a tick is there that was just counted. */
const DIFFERENT_TICKS = 200;
const OBSERVATIONS = 500_000;
/** Judges in turn, so that their state does not stay in the processor's caches; each has had some minutes, and gets some more: their making is not measured. */
const ROLLOUTS = 200;
const YOUNG_TICKS = 400;
const ROLLOUT_TICKS = 300;

type Ticks = ReadonlyArray<Tick<SparseHistogram>>;

/** Keeps what is computed from being computed in vain. */
let sink = 0;

/** What the judge costs on this machine, now. */
export function measureCost(): readonly Measured[] {
  const stream = new Stream({ scenario: healthy.steady(0.01), seed: 1, counting: 'request' });
  const few: Ticks = Array.from({ length: DIFFERENT_TICKS }, () => kept(stream.next([], SLOW_FROM)));
  const ticks = Array.from({ length: TICKS }, (_, i) => {
    const tick = few[i % few.length] as Ticks[number];
    return { ...tick, at: 1000 * (i + 1) };
  });
  const verdict = median(Array.from({ length: 5 }, () => verdictCost(ticks)));
  const rows = [
    atMost('cost of a tick: errors', 'us', errorsCost(ticks), 1),
    atMost('cost of a tick: latency, four quantiles at two scales', 'us', latencyCost(ticks), 1),
    atMost('cost of a tick: dispersion of latency, nine instances', 'us', dispersionCost(ticks), 1),
    atMost('cost of a tick: certificate', 'us', certificateCost(ticks), 1),
    { what: 'cost of a tick in all, histograms included', unit: 'us', value: tickCost(ticks) },
    atMost('cost of an observation of latency', 'ns', 1000 * observationCost(), 50),
    atMost('a verdict per second for 10,000 rollouts', '% of a core', verdict, 10),
  ];
  if (!Number.isFinite(sink)) throw new Error('the judge did not count');
  return rows;
}

/** A tick of its own: the stream's is good only until the next. */
const kept = (tick: Ticks[number]): Ticks[number] => {
  const { canary, baseline, stableInstances = [] } = tick;
  return {
    ...tick,
    canary: { ...canary, latency: { pairs: canary.latency.pairs.slice() } },
    baseline: { ...baseline, latency: { pairs: baseline.latency.pairs.slice() } },
    stableInstances: stableInstances.map((instance) => ({
      ...instance,
      slow: Float64Array.from(instance.slow ?? []),
    })),
  };
};

const atMost = (what: string, unit: string, value: number, limit: number): Measured => ({
  what,
  unit,
  value,
  bar: { on: 'value', atMost: limit },
});

/** The median over the rounds of what `work` takes, in microseconds for each of `times`. */
function micros(times: number, work: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    work();
    return ((performance.now() - began) * 1000) / times;
  });
  return median(rounds);
}

const pairsOf = (ticks: Ticks) =>
  ticks.map(({ canary, baseline }) => ({
    canaryRequests: canary.requests,
    baselineRequests: baseline.requests,
    canaryEvents: canary.errors,
    baselineEvents: baseline.errors,
  }));

function errorsCost(ticks: Ticks): number {
  const pairs = pairsOf(ticks);
  return micros(TICKS, () => {
    const test = createRatioTest(RATE_GRID, 1, onsetWithin(TICKS));
    for (const counts of pairs) {
      feedRatio(test, counts, 1, MOST_OF_ERRORS);
      sink += logEOf(test.mixture);
    }
  });
}

/** Nothing is tempered. */
const PHI = new Float64Array(LATENCY_QUANTILES.length).fill(1);

function latencyCost(ticks: Ticks): number {
  const past = createHistogram();
  for (const { baseline } of ticks) mergeInto(past, baseline.latency);
  const read = (latencies: Latencies) => {
    const latency = createCounts();
    readCounts(latency, latencies);
    return { latency, slowClients: undefined };
  };
  const answers = ticks.map(({ canary, baseline }) => ({
    canary: read(canary.latency),
    baseline: read(baseline.latency),
  }));
  return micros(TICKS, () => {
    const test = createLatencyTest(onsetWithin(TICKS));
    setThresholds(test, past, countFrom(past, 0));
    for (const { canary, baseline } of answers) {
      feedLatency(test, canary, baseline, canary.latency.total, baseline.latency.total, PHI, MOST_OF_SLOW);
      sink += latencyLogE(test, 'issue') + latencyLogE(test, 'warning');
    }
  });
}

function dispersionCost(ticks: Ticks): number {
  const instances = ticks.map(({ stableInstances = [] }) => stableInstances);
  return micros(TICKS, () => {
    const places = createPlaces(0);
    const dispersion = createLatencyDispersion(0, []);
    for (let i = 0; i < TICKS; i++) {
      findPlaces(places, instances[i] ?? [], 1000 * (i + 1));
      feedLatencyDispersion(dispersion, instances[i] ?? [], places, 1000 * (i + 1));
    }
    sink += dispersion.phi[0] as number;
  });
}

function certificateCost(ticks: Ticks): number {
  const pairs = pairsOf(ticks);
  return micros(TICKS, () => {
    const certificate = createCertificate(20, undefined);
    for (const counts of pairs) feedCertificate(certificate, counts, 1, 1);
    sink += certificateLogE(certificate);
  });
}

const tickCost = (ticks: Ticks): number =>
  micros(TICKS, () => {
    const judge = createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 0 }, 0);
    for (const tick of ticks) observe(judge, tick);
  });

function observationCost(): number {
  const random = createRandom(2);
  const latencies = Float64Array.from({ length: 4096 }, () => 20 + 400 * random.unit());
  return micros(OBSERVATIONS, () => {
    const histogram = createHistogram();
    for (let i = 0; i < OBSERVATIONS; i++) recordLatency(histogram, latencies[i & 4095] as number);
    sink += histogram[400] as number;
  });
}

const CONTEXT: Omit<AssessmentContext, 'now'> = {
  stepStartedAt: 0,
  minStepMs: 10_000,
  maxStepMs: 3_600_000,
  concurrentBaseline: true,
  certificateRequired: true,
  staleAfterMs: 30_000,
};

/** Microseconds for a rollout's tick and the verdict after it; so many are as many percent of a core for 10,000 of them a second. */
function verdictCost(ticks: Ticks): number {
  const judges = Array.from({ length: ROLLOUTS }, () => createJudge(DEFAULT_SETTINGS, 0));
  for (const judge of judges) for (const tick of ticks.slice(0, YOUNG_TICKS)) observe(judge, tick);
  const later = ticks.slice(YOUNG_TICKS, YOUNG_TICKS + ROLLOUT_TICKS);
  const began = performance.now();
  for (const tick of later)
    for (const judge of judges) {
      observe(judge, tick);
      sink += assess(judge, { ...CONTEXT, now: tick.at }).reason.length;
    }
  return ((performance.now() - began) * 1000) / (ROLLOUTS * ROLLOUT_TICKS);
}
