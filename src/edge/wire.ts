import type { ErrorCode } from '../core/errors.ts';
import { BUCKETS, createHistogram, type Histogram } from '../judge/histogram.ts';
import type { RoutedArm, Routing } from './routing.ts';

/** The bodies of the control API, as JSON. */
export interface WireArm extends RoutedArm {
  readonly inFlight: number;
}

export interface WireRoute {
  readonly routing: Routing;
  readonly fence: number;
  readonly arms: readonly WireArm[];
}

export interface WireCount {
  readonly arm: string;
  readonly revision: string;
  readonly version: string;
  readonly instance: string;
  readonly requests: number;
  readonly errors: number;
  readonly visitorErrors: number;
  readonly failingVisitors: number;
  readonly latency: PackedHistogram;
  /** Watched buckets, and the answers in them or above, in turn. */
  readonly slowVisitors: readonly number[];
}

export interface WireCounts {
  readonly route: string;
  readonly epoch: string;
  readonly rollout: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly instances: readonly WireCount[];
  readonly dropped: number;
  readonly watched: readonly number[];
  readonly approximate: boolean;
}

export interface WireStatusRoute extends WireRoute {
  /** The address is open; otherwise the edge keeps trying. */
  readonly listening: boolean;
  readonly dropped: number;
  readonly visitors: { readonly remembered: number; readonly approximate: boolean };
}

export interface WireStatus {
  readonly pid: number;
  readonly epoch: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Faults of the edge itself that it went on after; the log has them. */
  readonly faults: number;
  readonly routes: readonly WireStatusRoute[];
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string;
  readonly hint?: string;
}

/** The buckets that are not empty: index and count in turn. */
export type PackedHistogram = readonly number[];

export function packHistogram(histogram: Histogram): PackedHistogram {
  const packed: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = histogram[bucket] ?? 0;
    if (count > 0) packed.push(bucket, count);
  }
  return packed;
}

export function unpackHistogram(packed: PackedHistogram): Histogram {
  const histogram = createHistogram();
  for (let i = 0; i < packed.length; i += 2) histogram[packed[i] ?? 0] = packed[i + 1] ?? 0;
  return histogram;
}
