import type { Detect } from './detection.ts';
import { certificateMs } from './health.ts';
import type { PlanRequest } from './request.ts';

/** What helps where the traffic is too low to decide. */
export type Offer =
  | { readonly kind: 'equal-shares'; readonly certifiedMs: number | null; readonly doublingMs: number | null }
  | { readonly kind: 'longer-steps'; readonly stepMs: number }
  /** Labelled as such, so that they are told apart from users' requests. */
  | { readonly kind: 'synthetic-traffic'; readonly requestsPerSecond: number }
  /** An exception that was never seen on the stable version. */
  | { readonly kind: 'error-kind-tripwire' }
  | { readonly kind: 'person' };

/** A step of more than a week is nobody's wish. */
const LONGEST_OFFER_MS = 7 * 86_400_000;

export interface TooLow {
  /** What is not decided within the longest step, in ms at this traffic; null = never. */
  readonly certifiedMs: number | null;
  readonly doublingMs: number | null;
  readonly offers: readonly Offer[];
}

/** @returns null where a certificate and a doubling are decided within the longest step at the plan's largest share */
export function offersFor(request: PlanRequest, share: number, detect: Detect): TooLow | null {
  const decidedAt = (at: number) => ({
    certifiedMs: certificateMs(request, at),
    doublingMs: detect(at, 2)?.medianMs ?? null,
  });
  const here = decidedAt(share);
  if (slowest(here) <= request.longestStepMs) return null;
  const equal = decidedAt(0.5);
  const offers: Offer[] = [];
  if (share < 0.5 && slowest(equal) <= request.longestStepMs) offers.push({ kind: 'equal-shares', ...equal });
  if (slowest(here) <= LONGEST_OFFER_MS) offers.push({ kind: 'longer-steps', stepMs: slowest(here) });
  // Both times are inversely proportional to the traffic.
  const factor = slowest(equal) / request.longestStepMs;
  const { requestsPerSecond } = request.traffic;
  if (factor > 1 && factor < Infinity && requestsPerSecond > 0)
    offers.push({ kind: 'synthetic-traffic', requestsPerSecond: requestsPerSecond * (factor - 1) });
  offers.push({ kind: 'error-kind-tripwire' }, { kind: 'person' });
  return { ...here, offers };
}

const slowest = ({ certifiedMs, doublingMs }: Pick<TooLow, 'certifiedMs' | 'doublingMs'>) =>
  Math.max(certifiedMs ?? Infinity, doublingMs ?? Infinity);
