import type { LaneEvent } from '../src/core/events.ts';
import type { CanaryStep } from '../src/core/plan.ts';
import { ALL } from '../src/core/weights.ts';
import { figuresOf } from '../src/views/figures.ts';
import type { ReleaseName } from './releases.ts';

export type OutcomeName = 'completed' | 'rolled_back' | 'failed';

/** What became of one release: one row of the report. Times in milliseconds. */
export interface ReleaseFigures {
  readonly release: ReleaseName;
  /** As Spillway names it. */
  readonly version: string;
  readonly outcome: OutcomeName;
  readonly reason: string;
  /** From the push until all of the traffic, or the way back, was decided on. */
  readonly decisionMs: number;
  /** Requests that the canary had met when its fate was decided. */
  readonly canaryRequests: number;
  /** From the decision to roll back until no traffic reached the release, as recorded. */
  readonly trafficZeroMs: number | null;
  /** The same as users saw it: how long after the decision the last request was sent that the release answered. */
  readonly lastServedMs: number | null;
  /** Of users, from the push until its end. */
  readonly served: number;
  /** Of those, answered by the release under test. */
  readonly met: number;
  /** Of those, failed by the release under test itself. */
  readonly failed: number;
  /** Of those, failed by anything else: no answer, a broken one, or one that no version gave. */
  readonly dropped: number;
}

/** What the recorded events of a deployment say of it. */
export interface Recorded {
  readonly outcome: OutcomeName;
  readonly reason: string;
  readonly decisionMs: number;
  readonly decidedAt: number;
  readonly canaryRequests: number;
  readonly trafficZeroMs: number | null;
}

type OfType<Type extends LaneEvent['type']> = Extract<LaneEvent, { readonly type: Type }>;

/** @param events of one deployment, oldest first. @throws when it has come to no decision yet */
export function recordedOf(events: readonly LaneEvent[]): Recorded {
  const find = <Type extends LaneEvent['type']>(type: Type, from = 0) =>
    events.find((event) => event.type === type && event.at >= from) as OfType<Type> | undefined;
  const requested = find('deployment.requested');
  const back = find('rollback.started');
  const whole = events.find((event) => event.type === 'traffic.shifted' && event.weight === ALL);
  const failed = find('deployment.failed');
  const decided = back ?? whole ?? failed ?? find('deployment.rejected');
  if (requested === undefined || decided === undefined) throw new Error('nothing was decided');
  const zero = back && find('rollback.traffic_zero', back.at);
  const judged = events.findLast(
    (event): event is OfType<'verdict.changed'> => event.type === 'verdict.changed' && event.at <= decided.at,
  );
  return {
    outcome: back
      ? failed?.rolledBack === true
        ? 'rolled_back'
        : 'failed'
      : failed
        ? 'failed'
        : 'completed',
    reason:
      back?.cause ?? failed?.reason ?? judged?.reason ?? 'healthy; there was nothing to compare it with',
    decisionMs: decided.at - requested.at,
    decidedAt: decided.at,
    canaryRequests: (judged && figuresOf(judged.record)?.exposed.requests) ?? 0,
    trafficZeroMs: back && zero ? zero.at - back.at : null,
  };
}

/** The rule that many tools ship with: so many failed checks, one a minute, each over this share of errors. */
export const FIXED_RULE = { checks: 5, everyMs: 60_000, limit: '1%' };

/**
 * How many requests would have failed until a fixed rule had decided, had the rollout gone on along its planned weights.
 * @param steps as planned; each is taken to last its minimum
 * @param perSecond requests of all users
 * @param errorRate the release's share of failed requests, 0 to 1
 */
export function failedUnderFixedRule(
  steps: readonly CanaryStep[],
  perSecond: number,
  errorRate: number,
): number {
  let left = FIXED_RULE.checks * FIXED_RULE.everyMs;
  let failed = 0;
  steps.forEach(({ weight, minimum }, index) => {
    const lasts = index === steps.length - 1 ? left : Math.min(minimum, left);
    failed += (lasts / 1000) * perSecond * (weight / ALL) * errorRate;
    left -= lasts;
  });
  return failed;
}
