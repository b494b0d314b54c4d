import type { ApplicationName, EnvironmentName, InstanceId, RevisionDigest } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Instant } from '../core/time.ts';
import type { ArmName } from '../core/weights.ts';
import type { Histogram } from '../judge/histogram.ts';

/** What sources make their latencies of. */
export { bucketOf, BUCKETS, countFrom, createHistogram, mergeInto } from '../judge/histogram.ts';
export type { Histogram } from '../judge/histogram.ts';

/** What is asked about: one application in one environment, and how the configuration says to ask. */
export interface MetricQuery {
  readonly application: ApplicationName;
  readonly environment: EnvironmentName;
  /** As the source's own schema wrote them. */
  readonly settings: JsonObject;
}

/** One side of the comparison. */
export interface MetricArm {
  readonly arm: ArmName;
  readonly version: string;
  readonly revision: RevisionDigest;
  /** Those that ought to be counted; null where that is not known. A source that sees fewer says so and calls nothing final. */
  readonly instances: readonly InstanceId[] | null;
}

/** What one instance did within a window. */
export interface InstanceWindow {
  /** Tells instances apart; the same one has the same name in every window. `''` where the source knows sums only. */
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  /** Null where the source has no latencies. */
  readonly latency: Histogram | null;
}

export interface MetricWindow {
  readonly instances: readonly InstanceWindow[];
  /** What is counted once: each request, or each client that stays on its version. */
  readonly unit: 'request' | 'client';
  /** The counts are those of `(from, watermark]` and are final: nothing will be added to them. At most `to`, at least `from`. */
  readonly watermark: Instant;
  /** What a person should know of how they came about, and why the watermark is not later. */
  readonly notes: readonly string[];
}

/**
 * Where requests, errors and latencies of a version are counted.
 *
 * - **Final.** What a window says is so for ever: asked again, a source that still remembers says the same. What is not final yet is
 *   left out, and the watermark says so; a watermark equal to `from` says that nothing is known.
 * - **Additive.** Windows that follow each other (`from` = the watermark before) sum up to the window over all of them.
 * - **Whole.** Counts are whole, finite and not negative, and no instance has more errors than requests. Nothing is guessed: what
 *   was counted before a source first saw an instance is not counted, and a counter that began again is counted from 0.
 * - **Honest.** An answer that cannot be true (a counter that goes back, more errors than requests, NaN, a part of the answer that is
 *   missing) is an error and never a number. It may be asked for again; `from` stays, so that nothing is lost by it.
 * - **In time.** Every call ends within the source's own time limit.
 */
export interface MetricSource {
  /**
   * @param from not included @param to included
   * @throws SpillwayError `unavailable` or `timeout` when the source cannot be asked, `corrupt` when its answer cannot be true,
   * `too_large` when it is more than is read, `config_invalid` for settings that it does not understand
   */
  window(query: MetricQuery, arm: MetricArm, from: Instant, to: Instant): Promise<MetricWindow>;
  /** Of a source that is told instead of asking. */
  readonly sink?: TelemetrySink;
}

/** What is posted to a server that takes telemetry in. */
export type TelemetrySignal = 'metrics' | 'traces';

/** Where telemetry comes in. */
export interface TelemetrySink {
  /**
   * Takes one request's body in, parsed. What it cannot use is left out and counted.
   * @throws SpillwayError `invalid_event` for a body that is no export of this signal
   */
  accept(signal: TelemetrySignal, body: unknown): { readonly rejected: number; readonly reason: string };
}
