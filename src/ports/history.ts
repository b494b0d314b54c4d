import type { Histogram } from '../judge/histogram.ts';
import type { Instant } from '../core/time.ts';

/** What a version did at one time. */
export interface VersionActivity {
  readonly version: string;
  /** Requests within the step that ends at `at`, in order of time; steps without any are left out. */
  readonly steps: ReadonlyArray<{ readonly at: Instant; readonly requests: number }>;
}

/** What one instance of a version did within one step. */
export interface PastCount {
  /** The end of the step. */
  readonly at: Instant;
  readonly instance: string;
  readonly requests: number;
  readonly errors: number;
  /** Null where no latencies are kept. */
  readonly latency: Histogram | null;
}

/**
 * What the versions of an application did in the past, for those who want to learn from it. As honest as a metric source: an answer
 * that cannot be true is an error. How finely the past is known depends on what is kept of it.
 */
export interface MetricHistory {
  /** @throws SpillwayError as `MetricSource.window` */
  versions(from: Instant, to: Instant, stepMs: number): Promise<readonly VersionActivity[]>;
  /** In order of time. @throws SpillwayError as `MetricSource.window` */
  counts(version: string, from: Instant, to: Instant, stepMs: number): Promise<readonly PastCount[]>;
}
