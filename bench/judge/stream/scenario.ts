/** A figure that is the same all the time, or depends on the second since the canary's start. */
export type OverTime = number | ((second: number) => number);

export const at = (value: OverTime, second: number): number =>
  typeof value === 'number' ? value : value(second);

/** What users do and how both versions behave: everything that a stream of ticks is drawn from. */
export interface Scenario {
  readonly name: string;
  /** Requests a second of both arms together; looked at every half minute. */
  readonly requestsPerSecond: OverTime;
  /** The canary's part of them. It has one instance. */
  readonly canaryShare: number;
  /** Equal instances of the stable version, served in turn. */
  readonly stableInstances: number;
  /** Part of the requests of both versions that fail independently of each other. */
  readonly errorRate: OverTime;
  /** By how much more often the canary's requests fail. */
  readonly canaryErrors?: OverTime;
  /** How slow both versions are, as a multiple of the usual. */
  readonly latency?: OverTime;
  /** By how much slower the canary is. */
  readonly canaryLatency?: OverTime;
  readonly retries?: Retries;
  readonly badInstances?: BadInstances;
  readonly slowInstances?: SlowInstances;
  /** Instances of both versions stop for a second, each by itself: so many seconds apart on average. */
  readonly pausesEverySeconds?: number;
  readonly loopers?: Loopers;
}

/** A client that fails tries again, on the same connection and so on the same instance: errors come in batches. */
export interface Retries {
  /** Part of the requests that begin a batch. */
  readonly rate: number;
  /** Errors of a batch, on average; their number is geometric. */
  readonly meanErrors: number;
}

/** A time in which an instance is not as usual; each has its own. */
export interface Spell {
  /** Seconds from the end of one to the next, on average: a geometric time. */
  readonly everySeconds: number;
  readonly lastsSeconds: number;
  /** Whether that is an average, too, so that one in twenty lasts three times as long. */
  readonly varied: boolean;
}

/** Instances of both versions that fail for a while. */
export interface BadInstances extends Spell {
  /** Part of the requests that fail then, beside the usual ones. */
  readonly errorRate: number;
}

/** Instances of both versions that are slow for a while. */
export interface SlowInstances extends Spell {
  /** As a multiple of the usual latency. */
  readonly factor: number;
}

/** Clients that stay on the version they were given, and whose every request fails, again and again. */
export interface Loopers {
  readonly count: number;
  /** Requests a second of all of them together. */
  readonly requestsPerSecond: number;
}
