import type { Notification } from '../core/notification.ts';

export interface Receipt {
  readonly delivered: boolean;
  /** What the other side answered, shortened: `204`, `connect ECONNREFUSED`. */
  readonly answer: string;
  readonly latencyMs: number;
  /** Not to be tried again before this many milliseconds (`Retry-After`). */
  readonly retryAfterMs: number | null;
  /** Whether trying again can help (a 400 cannot). */
  readonly retry: boolean;
}

/** Brings one message to one channel. `key` is the same on every attempt, so that the receiver can drop doubles. */
export interface Notifier {
  deliver(message: Notification, key: string, signal: AbortSignal): Promise<Receipt>;
}
