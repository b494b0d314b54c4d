import type { BadInstances, OverTime, Scenario } from './stream/scenario.ts';

const RATE = 200;
const SHARE = 0.1;
const MINUTE = 60;
const DAY = 86_400;

/** 200 requests a second; ten equal instances, of which one is the canary. */
const service = (name: string, errorRate: OverTime): Scenario => ({
  name,
  requestsPerSecond: RATE,
  canaryShare: SHARE,
  stableInstances: 9,
  errorRate,
});

const percent = (rate: number) => `${Number((rate * 100).toPrecision(3))}%`;
const wave = (second: number, period: number) => Math.sin((2 * Math.PI * second) / period);

/** Between a third of the usual and three times as much, over half an hour. */
const drifting = (second: number) => 3 ** wave(second, 30 * MINUTE);
/** Latency of both versions between 0.75 and 1.33 times the usual, over 40 minutes. */
const swaying = (second: number) => 1.33 ** wave(second, 40 * MINUTE);
/** A day: six times as many requests at its height as at its depth. */
const daily = (second: number) => RATE * (1 + (5 / 7) * wave(second, DAY));
/** Cold caches and an optimiser that has not yet run. */
const warming = (atFirst: number) => (second: number) => 1 + atFirst * Math.exp(-second / MINUTE);

/** Errors of a batch of retries. */
const BATCH = 2;
/** By error rate: the part of the errors that come in batches. Untempered, 26 to 49% of such rollouts are rolled back within half an hour. */
const RETRIED: ReadonlyMap<number, number> = new Map([
  [0.01, 0.45],
  [0.005, 0.45],
  [0.001, 0.55],
]);
/** By error rate, calibrated to the same: how often an instance is bad, and how it then is. */
const BAD_TIMES: ReadonlyMap<number, BadInstances> = new Map([
  [0.01, { everySeconds: 300, lastsSeconds: 20, errorRate: 0.02 }],
  [0.005, { everySeconds: 600, lastsSeconds: 20, errorRate: 0.02 }],
  [0.001, { everySeconds: 1200, lastsSeconds: 20, errorRate: 0.015 }],
]);
/** Part of the errors that looping clients make. */
const LOOPED = 0.5;

function calibrated<T>(byRate: ReadonlyMap<number, T>, rate: number): T {
  const value = byRate.get(rate);
  if (value === undefined) throw new RangeError(`bursts are not calibrated for an error rate of ${rate}`);
  return value;
}

/** Identical code in both arms. */
export const healthy = {
  steady: (rate: number) => service(`steady, ${percent(rate)}`, rate),
  drift: (rate: number): Scenario => ({
    ...service(`shared drift, ${percent(rate)}`, (second) => rate * drifting(second)),
    latency: swaying,
  }),
  diurnal: (rate: number): Scenario => ({
    ...service(`a day's traffic, ${percent(rate)}`, rate),
    requestsPerSecond: daily,
  }),
  retries: (rate: number): Scenario => {
    const retried = rate * calibrated(RETRIED, rate);
    return {
      ...service(`retry batches, ${percent(rate)}`, rate - retried),
      retries: { rate: retried / BATCH, meanErrors: BATCH },
    };
  },
  badInstances: (rate: number): Scenario => {
    const badInstances = calibrated(BAD_TIMES, rate);
    const { everySeconds, lastsSeconds, errorRate } = badInstances;
    const caused = (errorRate * lastsSeconds) / (everySeconds + lastsSeconds);
    return { ...service(`bad instances, ${percent(rate)}`, rate - caused), badInstances };
  },
  sticky: (rate: number, clients: number): Scenario => ({
    ...service(`${clients} looping clients, ${percent(rate)}`, rate * (1 - LOOPED)),
    loopers: { count: clients, requestsPerSecond: RATE * rate * LOOPED },
  }),
  cold: (rate: number, atFirst: number): Scenario => ({
    ...service(`cold start +${percent(atFirst)}, ${percent(rate)}`, rate),
    canaryLatency: warming(atFirst),
  }),
  lowTraffic: (rate: number): Scenario => ({
    ...service(`5 requests/s, ${percent(rate)}`, rate),
    requestsPerSecond: 5,
  }),
};

/** A canary that fails more often by `factor`, from `fromSecond` on. */
export const failing = (rate: number, factor: number, fromSecond = 0): Scenario => ({
  ...service(
    `errors x ${factor}, ${percent(rate)}${fromSecond === 0 ? '' : `, after ${fromSecond / MINUTE} min`}`,
    rate,
  ),
  canaryErrors: fromSecond === 0 ? factor : (second) => (second > fromSecond ? factor : 1),
});

/** Half of the canary's requests fail. */
export const dead = (requestsPerSecond: number): Scenario => ({
  ...failing(0.005, 100),
  name: `dead release, ${requestsPerSecond} requests/s`,
  requestsPerSecond,
});

/** Every answer of the canary takes longer by `part`, and so its 95th percentile does. */
export const slower = (part: number): Scenario => ({
  ...service(`p95 +${percent(part)}`, 0.005),
  canaryLatency: 1 + part,
});

/** A doubling among looping clients: the others fail twice as often on the canary. */
export const failingAmongLoopers = (rate: number, clients: number): Scenario => ({
  ...healthy.sticky(rate, clients),
  name: `errors x 2 beside ${clients} looping clients, ${percent(rate)}`,
  canaryErrors: 2,
});
