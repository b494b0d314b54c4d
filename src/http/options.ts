import type { Instant } from '../core/time.ts';
import type { TelemetrySink } from '../ports/metrics.ts';

export interface HttpOptions {
  /** The Unix socket: the full API, for the owner of its folder only (mode 0600). */
  readonly socket: string;
  /**
   * Beside the socket: webhooks and health. The API is there too when the host is a loopback address, since nobody is
   * asked who they are yet.
   */
  readonly tcp: { readonly host: string; readonly port: number } | null;
  /** Sources under `/hooks/`. */
  readonly hooks: Readonly<Record<string, HookSource>>;
  /** OpenTelemetry that is posted here; null = none is taken in. */
  readonly telemetry: TelemetryIn | null;
  readonly version: string;
  readonly now: () => Instant;
  /** Told of every failure that is Spillway's own fault; the caller gets no details of it. */
  readonly onError: (error: unknown, where: string) => void;
}

export interface TelemetryIn {
  readonly sink: () => Promise<TelemetrySink>;
  /** What senders from outside of the socket must show; undefined = they may not send. */
  readonly token: () => string | undefined;
}

export interface HookSource {
  /** Larger bodies are refused before they are read. */
  readonly maxBodyBytes: number;
  /** For senders whom only the socket's file mode vouches for. */
  readonly socketOnly: boolean;
}

/** Which door a request came through: it decides whether its `x-spillway-actor` is believed. */
export type Door = 'socket' | 'loopback' | 'outside';

export const ACTOR_HEADER = 'x-spillway-actor';

/** JSON bodies of the API are small. */
export const API_BODY_BYTES = 256 * 1024;
