import type { Instant } from './time.ts';

export type Severity = 'info' | 'warning' | 'critical';

/** One message for people, derived from one recorded event. */
export interface Notification {
  readonly type: string;
  readonly severity: Severity;
  readonly title: string;
  readonly at: Instant;
  readonly fields: Readonly<Record<string, string>>;
}
