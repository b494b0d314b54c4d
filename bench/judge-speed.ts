/**
 * What the judge costs: evidence by the tick, latencies by the observation, verdicts by the second. Ticks come with sparse histograms,
 * of a service with 200 requests/s of which the canary has a tenth.
 */
import { atLeast, createCounts, readCounts } from '../src/judge/counts.ts';
import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  toSparse,
  type ArmTick,
  type AssessmentContext,
  type Judge,
  type SparseHistogram,
  type Tick,
} from '../src/judge/index.ts';
import { certificateLogE, createCertificate, feedCertificate } from '../src/judge/sequential/certificate.ts';
import {
  createLatencyTest,
  feedLatency,
  latencyLogE,
  setThresholds,
} from '../src/judge/sequential/latency.ts';
import { logEOf, onsetWithin, RATE_GRID } from '../src/judge/sequential/mixture.ts';
import { createRatioTest, feedRatio } from '../src/judge/sequential/ratio.ts';
import { median, report } from './lib/report.ts';

const ROUNDS = 15;
const TICKS = 4000;
const OBSERVATIONS = 500_000;
/** Judges in turn, so that their state does not stay in the processor's caches. */
const ROLLOUTS = 200;
const ROLLOUT_TICKS = 20;
const CANARY_PER_SECOND = 20;
const BASELINE_PER_SECOND = 180;

type SparseTick = Tick<SparseHistogram>;

/** Numbers in [0, 1): mulberry32. */
function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomSource(1);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function armTick(perSecond: number): ArmTick<SparseHistogram> {
  const latency = createHistogram();
  const requests = Math.max(1, Math.round(perSecond + Math.sqrt(perSecond) * normal()));
  let errors = 0;
  for (let i = 0; i < requests; i++) {
    if (random() < 0.01) errors += 1;
    recordLatency(latency, 100 * Math.exp(0.5 * normal()));
  }
  return { requests, errors, latency: toSparse(latency), crashes: 0, instanceMinutes: 1 / 60 };
}

const ticks: readonly SparseTick[] = Array.from({ length: TICKS }, (_, i) => {
  const baseline = armTick(BASELINE_PER_SECOND);
  const share = Math.floor(baseline.requests / 3);
  const stableInstances = [0, 1, 2].map((j) => ({
    name: `stable-${j}`,
    requests: share,
    errors: j === i % 3 ? baseline.errors : 0,
  }));
  return { at: 1000 * (i + 1), canary: armTick(CANARY_PER_SECOND), baseline, stableInstances };
});
const pairs = ticks.map(({ canary, baseline }) => ({
  canaryRequests: canary.requests,
  baselineRequests: baseline.requests,
  canaryEvents: canary.errors,
  baselineEvents: baseline.errors,
}));
const answers = ticks.map(({ canary, baseline }) => {
  const read = (arm: ArmTick<SparseHistogram>) => {
    const latency = createCounts();
    readCounts(latency, arm.latency);
    return { latency, slowClients: undefined };
  };
  return { canary: read(canary), baseline: read(baseline) };
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

/** So that no result goes unused. */
let sink = 0;

const errorsCost = micros(TICKS, () => {
  const test = createRatioTest(RATE_GRID, 1, onsetWithin(TICKS));
  for (const counts of pairs) {
    feedRatio(test, counts, 1);
    sink += logEOf(test.mixture);
  }
});

const PAST = 10_000;
const past = createHistogram();
for (let i = 0; i < PAST; i++) recordLatency(past, 100 * Math.exp(0.5 * normal()));

const latencyCost = micros(TICKS, () => {
  const test = createLatencyTest(onsetWithin(TICKS));
  setThresholds(test, past, PAST);
  for (const { canary, baseline } of answers) {
    feedLatency(test, canary, baseline, canary.latency.total, baseline.latency.total, 1);
    sink += latencyLogE(test, 'issue') + latencyLogE(test, 'warning');
  }
});

const certificateCost = micros(TICKS, () => {
  const certificate = createCertificate(20, undefined);
  for (const counts of pairs) feedCertificate(certificate, counts, 1);
  sink += certificateLogE(certificate);
});

const tickCost = micros(TICKS, () => {
  const judge = createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 0 }, 0);
  for (const tick of ticks) observe(judge, tick);
});

const histogramCost = micros(TICKS, () => {
  const sum = createHistogram();
  const counts = createCounts();
  for (const { canary, baseline } of ticks)
    for (const { latency } of [canary, baseline]) {
      readCounts(counts, latency);
      sink += atLeast(counts, 300) + (sum[0] ?? 0);
    }
});

const latencies = Float64Array.from({ length: 4096 }, () => 100 * Math.exp(0.5 * normal()));
const observationCost = micros(OBSERVATIONS, () => {
  const histogram = createHistogram();
  for (let i = 0; i < OBSERVATIONS; i++) recordLatency(histogram, latencies[i & 4095] ?? 0);
  sink += histogram[400] ?? 0;
});

const CONTEXT: Omit<AssessmentContext, 'now'> = {
  stepStartedAt: 0,
  minStepMs: 10_000,
  maxStepMs: 3_600_000,
  concurrentBaseline: true,
  certificateRequired: true,
  staleAfterMs: 30_000,
};

/** A tick and the verdict after it, of many rollouts in turn, each some minutes old. */
function verdictsCost(): number {
  const judges: Judge[] = Array.from({ length: ROLLOUTS }, () => createJudge(DEFAULT_SETTINGS, 0));
  const [young, later] = [ticks.slice(0, 400), ticks.slice(400, 400 + ROLLOUT_TICKS)];
  for (const judge of judges) for (const tick of young) observe(judge, tick);
  const began = performance.now();
  for (const tick of later)
    for (const judge of judges) {
      observe(judge, tick);
      sink += assess(judge, { ...CONTEXT, now: tick.at }).reason.length;
    }
  return ((performance.now() - began) * 1000) / (ROLLOUTS * ROLLOUT_TICKS);
}

const verdictCost = median(Array.from({ length: 5 }, verdictsCost));
if (!Number.isFinite(sink)) throw new Error('the judge did not count');

const atMost = (limit: number) => ({ on: 'value', atMost: limit }) as const;
report('judge-speed', [
  { what: 'errors: a tick', unit: 'us', value: errorsCost, bar: atMost(1) },
  { what: 'latency, four quantiles at two scales: a tick', unit: 'us', value: latencyCost, bar: atMost(1) },
  { what: 'certificate: a tick', unit: 'us', value: certificateCost, bar: atMost(1) },
  { what: 'reading both histograms of a tick', unit: 'us', value: histogramCost },
  { what: 'a tick in all, histograms included', unit: 'us', value: tickCost },
  { what: 'an observation of latency', unit: 'ns', value: 1000 * observationCost, bar: atMost(50) },
  { what: 'a tick and the verdict after it', unit: 'us', value: verdictCost },
  {
    what: 'a verdict per second for 10,000 rollouts',
    unit: '% of a core',
    value: verdictCost,
    bar: atMost(10),
  },
]);
