import type { Duration, Instant } from '../core/time.ts';

/** Clock, timers, chance and ids stand behind ports so that a simulator can own every one of them. */
export interface Clock {
  /** The time of day. */
  now(): Instant;
  /** Milliseconds that only grow; for lengths of time within one process. */
  monotonic(): number;
}

export interface Timers {
  /** Runs `action` once after `wait`. @returns how to call it off */
  after(wait: Duration, action: () => void): () => void;
  /** Resolves after `wait`, or at once when `signal` is aborted. */
  sleep(wait: Duration, signal?: AbortSignal): Promise<void>;
}

export interface Chance {
  bytes(length: number): Uint8Array;
  /** An id that sorts by the time it was made (UUID version 7). */
  id(): string;
}

export interface System extends Clock, Timers, Chance {}
