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

/** How errors come in bursts, by error rate: calibrated so that untempered 26 to 49% of healthy rollouts are condemned within half an hour. */
interface Bursts {
  /** Part of the errors that come in batches. */
  readonly retried: number;
  readonly badInstances: BadInstances;
}

const bad = (everySeconds: number, errorRate: number): BadInstances => ({
  everySeconds,
  lastsSeconds: 20,
  varied: false,
  errorRate,
});

const BURSTS: ReadonlyMap<number, Bursts> = new Map([
  [0.01, { retried: 0.2, badInstances: bad(600, 0.02) }],
  [0.005, { retried: 0.2, badInstances: bad(1200, 0.02) }],
  [0.001, { retried: 0.3, badInstances: bad(2400, 0.015) }],
]);

function burstsAt(rate: number): Bursts {
  const found = BURSTS.get(rate);
  if (found === undefined) throw new RangeError(`bursts are not calibrated for an error rate of ${rate}`);
  return found;
}

/** Part of the errors that looping clients make. */
const LOOPED = 0.5;

/** Of the rate, so much comes in batches or while an instance is bad; the rest is independent. */
function bursty(name: string, rate: number, retried: number, badInstances?: BadInstances): Scenario {
  const { everySeconds = 1, lastsSeconds = 0, errorRate = 0 } = badInstances ?? {};
  const caused = (errorRate * lastsSeconds) / (everySeconds + lastsSeconds);
  return {
    ...service(`${name}, ${percent(rate)}`, rate * (1 - retried) - caused),
    retries: { rate: (rate * retried) / BATCH, meanErrors: BATCH },
    ...(badInstances === undefined ? {} : { badInstances }),
  };
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
  bursts: (rate: number): Scenario => {
    const { retried, badInstances } = burstsAt(rate);
    return bursty('bursts', rate, retried, badInstances);
  },
  retries: (): Scenario => bursty('retry batches alone', 0.01, 0.4),
  badInstances: (): Scenario => bursty('bad instances alone', 0.01, 0, bad(240, 0.02)),
  /** Some of them stay bad for longer than the longest block that dispersion is taken from. */
  lingering: (): Scenario =>
    bursty('bad instances that may linger', 0.01, 0, { ...bad(300, 0.02), varied: true }),
  /** A garbage collector that stops each instance for a second a minute. */
  pauses: (): Scenario => ({ ...service('pauses, 1%', 0.01), pausesEverySeconds: MINUTE }),
  /** The same, too rarely for their mean to tell what one of them does. */
  rarePauses: (everyMinutes: number): Scenario => ({
    ...service(`pauses every ${everyMinutes} min, 1%`, 0.01),
    pausesEverySeconds: everyMinutes * MINUTE,
  }),
  /** With one instance of the stable version, of which nothing can be learnt. */
  alonePauses: (): Scenario => ({
    ...service('pauses of one stable instance every 10 min, 1%', 0.01),
    stableInstances: 1,
    pausesEverySeconds: 10 * MINUTE,
  }),
  /** Each instance fails fully for 2 s, about every half hour. */
  outages: (): Scenario => ({
    ...service('instances that fail for 2 s every 30 min, 1%', 0.01),
    badInstances: { everySeconds: 30 * MINUTE, lastsSeconds: 2, varied: false, errorRate: 0.99 },
  }),
  /** Each instance is slower for 20 s, about every 10 minutes. */
  slowInstances: (): Scenario => ({
    ...service('slow instances, 1%', 0.01),
    slowInstances: { everySeconds: 10 * MINUTE, lastsSeconds: 20, varied: false, factor: 1.3 },
  }),
  sticky: (rate: number, clients: number): Scenario => ({
    ...service(`${clients} looping clients, ${percent(rate)}`, rate * (1 - LOOPED)),
    loopers: { count: clients, requestsPerSecond: RATE * rate * LOOPED },
  }),
  cold: (rate: number, atFirst: number): Scenario => ({
    ...service(`cold start +${percent(atFirst)}, ${percent(rate)}`, rate),
    canaryLatency: warming(atFirst),
  }),
  /** Latency falls in a straight line, for three minutes. */
  coldLine: (): Scenario => ({
    ...service('cold start +100% falling in a line, 1%', 0.01),
    canaryLatency: (second) => Math.max(1, 2 - second / (3 * MINUTE)),
  }),
  /** Latency is three times the usual, and all at once no more. */
  coldCliff: (): Scenario => ({
    ...service('cold start +200% for 45 s, 1%', 0.01),
    canaryLatency: (second) => (second < 45 ? 3 : 1),
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

/** The same, and colder at first. */
export const slowerAndCold = (part: number, atFirst: number): Scenario => ({
  ...service(`p95 +${percent(part)} after a cold start +${percent(atFirst)}`, 0.01),
  canaryLatency: (second) => (1 + part) * warming(atFirst)(second),
});

/** Three times the errors, of a canary whose latency starts cold. */
export const failingAndCold = (): Scenario => ({
  ...healthy.cold(0.01, 1),
  name: 'errors x 3, 1%, cold start +100%',
  canaryErrors: 3,
});

/** A doubling among looping clients: the others fail twice as often on the canary. */
export const failingAmongLoopers = (rate: number, clients: number): Scenario => ({
  ...healthy.sticky(rate, clients),
  name: `errors x 2 beside ${clients} looping clients, ${percent(rate)}`,
  canaryErrors: 2,
});
