import { CERTIFICATE_E } from '../settings.ts';
import { certificateLogE, createCertificate } from '../sequential/certificate.ts';
import { feedLimit } from '../sequential/limits.ts';
import { timeToCertificate } from '../sequential/prediction.ts';
import { feedRatio } from '../sequential/ratio.ts';
import type { PlanRequest } from './request.ts';
import { firstPassage } from './walk.ts';

/** The walk is looked at so often up to the time that the expected growth gives, and followed to so many times that. */
const LOOKS = 200;
const FARTHEST = 5;

/**
 * Time after the warm-up until a healthy canary is certified at this share (median): the canary's errors as a Poisson walk, the
 * baseline's as many as are expected, and the shipped certificate's evidence (section F) at each count of them.
 * @returns ms; null where no end is in sight
 */
export function certificateMs(request: PlanRequest, share: number): number | null {
  const { traffic } = request;
  const perMs = traffic.requestsPerSecond / 1000;
  const arms = { canary: perMs * share, baseline: perMs * (1 - share), errorRate: traffic.errorRate };
  const expected = timeToCertificate(freshFor(request), arms, traffic.phi);
  if (expected === null || traffic.errorRate === 0) return expected;
  const lookMs = Math.max(1, expected) / LOOKS;
  const needed = Math.log(CERTIFICATE_E[request.settings.certificate]);
  const logE = (errors: number, ms: number) => {
    const fresh = freshFor(request);
    const canaryRequests = Math.max(errors, arms.canary * ms);
    const baselineRequests = arms.baseline * ms;
    const events = { canaryEvents: errors, baselineEvents: baselineRequests * traffic.errorRate };
    // Many ticks at once: what bounds a single one does not bound them.
    feedRatio(fresh.lessThanTwice, { canaryRequests, baselineRequests, ...events }, traffic.phi);
    if (fresh.acceptable !== undefined)
      feedLimit(fresh.acceptable, errors, canaryRequests - errors, traffic.phi);
    return certificateLogE(fresh);
  };
  let few = 0;
  const ends = (look: number) => {
    const requests = Math.ceil(arms.canary * look * lookMs);
    while (few <= requests && logE(few, look * lookMs) >= needed) few++;
    // Where nearly all requests fail anyway, even a canary of which all do is less than twice as bad.
    return { from: 0, until: few > requests ? Infinity : few };
  };
  const step = poisson(arms.canary * traffic.errorRate * lookMs);
  const reached = firstPassage(step, LOOKS * FARTHEST, ends);
  let sum = 0;
  const median = reached.findIndex((probability) => (sum += probability) >= 0.5);
  return median === -1 ? null : Math.ceil((median + 1) * lookMs);
}

const freshFor = ({ settings }: PlanRequest) =>
  createCertificate(CERTIFICATE_E[settings.certificate], settings.acceptableErrorRate);

/** P(k) for k = 0 .. without a tail that is lost in rounding. */
function poisson(mean: number): number[] {
  const chances = [Math.exp(-mean)];
  for (let k = 1; (chances.at(-1) ?? 0) > 1e-14 || k <= mean; k++)
    chances.push(((chances[k - 1] ?? 0) * mean) / k);
  return chances;
}
