import { days, hours, milliseconds, minutes, seconds, type Duration } from '../core/time.ts';
import type { Deadlines, RollbackPlan } from '../core/plan.ts';

// What holds where the file is silent.

export const DEFAULT_ENVIRONMENT = 'production';
export const DEFAULT_BRANCHES = ['main', 'master'] as const;

export const STEP_DURATION = minutes(30);
/** Percent; the first step is small. */
export const STEPS = [1, 10, 50, 100] as const;
export const STAGES = 2;
/** A warm-up that the judge finds by itself is no shorter. */
export const LEAST_WARM_UP = seconds(30);
/** Effects are looked for over this time. */
export const WINDOW = minutes(5);
/** Three crashes within this time are a loop. */
export const CRASH_WINDOW = minutes(5);
/** False alarms: one in a hundred healthy rollouts at most. */
export const ALPHA = 0.01;
/** The smallest growth of the error rate that matters. */
export const ERROR_RATE_INCREASE = 1.2;
/** Half a percentage point more of failing requests matters, too, where no growth is configured. */
export const ERROR_DIFFERENCE = 0.005;
/** Share of failed requests that is harm by itself (while the stable version keeps below it). */
export const ERROR_RATE = 0.01;
/** Crashes per instance and minute. */
export const CRASH_RATE = 1;

export const CHECK_INTERVAL = seconds(30);
export const CONSECUTIVE_FAILURES = 3;
export const START_TIMEOUT = minutes(5);

export const GATE_TIMEOUT = minutes(15);
export const PAUSE_LIMIT = hours(72);
export const MAX_ATTEMPTS = 3;
/** From the decision to no traffic, all attempts together. */
export const TO_ZERO = minutes(2);
/** How long the one step of `immediate` is watched without a clear verdict. */
export const IMMEDIATE_WATCH = minutes(15);

export const deadlinesOf = (environment: string): Deadlines => ({
  pending: minutes(10),
  validating: minutes(10),
  building: minutes(30),
  testing: minutes(60),
  approval: hours(72),
  approved: days(7),
  deploying: environment === 'production' ? minutes(15) : minutes(10),
  verifying: minutes(15),
  monitoring: hours(1),
  rollingBack: minutes(10),
});

const FIVE_STEPS = '0,10,25,50,100';

/** @param weights the canary's steps in percent */
export function soakOf(environment: string, weights: readonly number[]): Duration {
  switch (environment) {
    case 'dev':
      return milliseconds(0);
    case 'production':
      return weights.join(',') === FIVE_STEPS ? hours(48) : hours(24);
    case 'staging':
      return hours(24);
    default:
      return hours(1);
  }
}

export function rollbackWhen(environment: string): RollbackPlan['when'] {
  if (environment === 'dev') return 'immediate';
  return environment === 'qa' ? 'on_failure' : 'automatic';
}

export function monitoringOf(environment: string): 'basic' | 'standard' | 'full' {
  if (environment === 'dev') return 'basic';
  return environment === 'qa' ? 'standard' : 'full';
}

/** Counts of scrapes and exports come later than those of a proxy. */
export const METRICS_STALE_AFTER = seconds(90);
