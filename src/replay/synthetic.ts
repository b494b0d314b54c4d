import { SpillwayError } from '../core/errors.ts';
import {
  bucketOf,
  BUCKETS,
  countFrom,
  createHistogram,
  LATENCY_QUANTILES,
  type ArmTick,
  type Tick,
} from '../judge/index.ts';
import { drawBinomial, drawMarked, seededChance, standardNormal, type Chance } from './chance.ts';
import { drawLatencies, quantilesOf, type Quantiles } from './latencies.ts';
import { DEFAULT_META, type TraceSink } from './trace.ts';

/** A trace that is made: what both versions do, and what the canary does from `onset` on. Rates are shares, times ms. */
export interface Synthetic {
  readonly rps: number;
  readonly errors: number;
  readonly canaryErrors: number;
  /** Median; 95% of requests take up to 2.3 times as long. */
  readonly latency: number;
  readonly canaryLatency: number;
  readonly onset: number;
  readonly duration: number;
  readonly interval: number;
  /** Of the stable version. */
  readonly instances: number;
}

type Read = (text: string, known: ReadonlyMap<string, number>) => number | undefined;

const number: Read = (text) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);
const share: Read = (text) => {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const value = digits === undefined ? undefined : Number(digits) / (percent === '%' ? 100 : 1);
  return value !== undefined && value <= 1 ? value : undefined;
};
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const time: Read = (text) => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
};
/** A time, or the stable version's and so much more: `+20%`. */
const slower: Read = (text, known) => {
  const more = text.startsWith('+') ? share(text.slice(1), known) : undefined;
  return more === undefined ? time(text, known) : (known.get('latency') ?? 0) * (1 + more);
};

/** Each key with how it is read, what holds without it, and what it looks like. In this order, later ones build on earlier ones. */
const KEYS: ReadonlyArray<
  readonly [
    key: string,
    read: Read,
    otherwise: (known: ReadonlyMap<string, number>) => number,
    example: string,
  ]
> = [
  ['rps', number, () => 200, '200'],
  ['errors', share, () => 0.01, '1%'],
  ['canary-errors', share, (known) => known.get('errors') ?? 0, '2%'],
  ['latency', time, () => 80, '80ms'],
  ['canary-latency', slower, (known) => known.get('latency') ?? 0, '+20%'],
  ['onset', time, () => 0, '15m'],
  ['duration', time, () => 4 * 3_600_000, '4h'],
  ['interval', time, () => 1000, '1s'],
  ['instances', number, () => 2, '2'],
];

/**
 * @param spec `rps=200,errors=1%,canary-errors=2%,onset=15m`
 * @throws SpillwayError `config_invalid` that names the key
 */
export function parseSynthetic(spec: string): Synthetic {
  const given = new Map(
    spec.split(',').map((part) => {
      const [key = '', value = ''] = part.split('=').map((side) => side.trim());
      return [key, value] as const;
    }),
  );
  const known = new Map<string, number>();
  for (const [key, read, otherwise, example] of KEYS) {
    const text = given.get(key);
    const value = text === undefined ? otherwise(known) : read(text, known);
    if (value === undefined)
      throw wrong(`${key} is not understood`, `${key}=${text}`, `Write ${key}=${example}.`);
    known.set(key, value);
    given.delete(key);
  }
  for (const key of given.keys())
    if (key !== '')
      throw wrong(`there is no ${key}`, key, `Known: ${KEYS.map(([name]) => name).join(', ')}.`);
  const of = (key: string) => known.get(key) ?? 0;
  if (of('interval') < 100 || of('duration') < of('interval') || of('rps') > 100_000)
    throw wrong('it asks for too much', spec, 'At most 100,000 requests a second, ticks of at least 100ms.');
  return {
    rps: of('rps'),
    errors: of('errors'),
    canaryErrors: of('canary-errors'),
    latency: of('latency'),
    canaryLatency: of('canary-latency'),
    onset: of('onset'),
    duration: of('duration'),
    interval: of('interval'),
    instances: Math.max(1, Math.round(of('instances'))),
  };
}

const wrong = (message: string, where: string, hint: string) =>
  new SpillwayError('config_invalid', `--synthetic: ${message}`, { where, hint });

/** Plays a made trace to a sink: both arms see all of the traffic, so that every weight is cut from real draws. */
export function synthesise(wanted: Synthetic, seed: number, from: number, sink: TraceSink): void {
  const { rps, interval, duration, onset, errors, canaryErrors } = wanted;
  const chance = seededChance(seed);
  // Of its own, so that what users and versions do does not depend on it.
  const slowChance = seededChance(seed + 1);
  const usual = lognormal(chance, wanted.latency);
  const later = wanted.canaryLatency === wanted.latency ? usual : lognormal(chance, wanted.canaryLatency);
  const slowFrom = LATENCY_QUANTILES.map(({ p }) => (usual[Math.floor(p * usual.length)] ?? 0) + 1);
  sink.begin({ ...DEFAULT_META, arms: 'mirrored', intervalMs: interval }, from);
  for (let passed = interval; passed <= duration; passed += interval) {
    const requests = drawPoisson(chance, (rps * interval) / 1000);
    const bad = passed > onset;
    const minutes = interval / 60_000;
    const baseline = arm(chance, requests, errors, usual, minutes * wanted.instances);
    sink.tick({
      at: from + passed,
      canary: arm(chance, requests, bad ? canaryErrors : errors, bad ? later : usual, minutes),
      baseline,
      stableInstances: instances(chance, slowChance, baseline, wanted.instances, slowFrom),
    });
  }
}

function arm(chance: Chance, requests: number, rate: number, quantiles: Quantiles, minutes: number): ArmTick {
  const latency = createHistogram();
  drawLatencies(chance, quantiles, requests, latency);
  const errors = drawBinomial(chance, requests, rate);
  return { requests, errors, latency, crashes: 0, instanceMinutes: minutes };
}

/** The traffic of equal instances: requests, errors and slow answers fall on them by chance. */
function instances(
  chance: Chance,
  slowChance: Chance,
  { requests, errors, latency }: ArmTick,
  count: number,
  slowFrom: readonly number[],
): NonNullable<Tick['stableInstances']> {
  let left = requests;
  let failed = errors;
  const slow = slowFrom.map((bucket) => countFrom(latency, bucket));
  return Array.from({ length: count }, (_, i) => {
    const own = drawBinomial(chance, left, 1 / (count - i));
    const ownFailed = drawMarked(chance, left, failed, own);
    const ownSlow = slow.map((events) => drawMarked(slowChance, left, events, own));
    left -= own;
    failed -= ownFailed;
    ownSlow.forEach((events, q) => (slow[q] = (slow[q] ?? 0) - events));
    return { requests: own, errors: ownFailed, slow: ownSlow };
  });
}

/** A thousand chances for each request that is expected: to a tenth of a percent as Poisson is. */
const drawPoisson = (chance: Chance, mean: number): number =>
  drawBinomial(chance, Math.ceil(mean * 1000), 0.001);

const SPREAD = 0.5;
const SAMPLES = 200_000;

function lognormal(chance: Chance, median: number): Quantiles {
  const counts = new Float64Array(BUCKETS);
  for (let i = 0; i < SAMPLES; i++) {
    const bucket = bucketOf(median * Math.exp(SPREAD * standardNormal(chance)));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return quantilesOf(counts, SAMPLES);
}
