import { detectionOf, expectedRequests, type Detect, type Detection } from './detection.ts';
import { offersFor, type TooLow } from './offers.ts';
import { certificateMs } from './health.ts';
import { streamAt, warmUpOf, type PlanRequest, type PresentTraffic } from './request.ts';

/** How many times as often as stable a bad version may fail. */
export const REGRESSIONS = [1.5, 2, 5] as const;
/** Those that the budget is tried with, from the smallest on. */
const TRIED = [1.5, 2, 3, 5, 10, 20, 50] as const;

/** What a step is for: what must be out of the question before more users meet the canary. */
export type Purpose = 'broken' | 'bad' | 'certificate' | 'all';

export interface PlannedStep {
  /** Of the traffic, in steps of a hundredth of a percent. */
  readonly share: number;
  readonly purpose: Purpose;
  readonly minMs: number;
  readonly maxMs: number;
  readonly canaryRequestsPerSecond: number;
  /** Of a regression that begins with this step; null where it is never shown, or at all of the traffic, where nothing is compared. */
  readonly found: ReadonlyArray<{ readonly ratio: number; readonly detection: Detection | null }>;
}

/** User requests that meet a version so bad from its start until its traffic is gone. */
export interface Exposure {
  readonly ratio: number;
  readonly median: number | null;
  readonly p90: number | null;
  readonly withinBudget: boolean;
}

export interface RolloutPlan {
  readonly budget: number;
  readonly traffic: PresentTraffic;
  readonly steps: readonly PlannedStep[];
  readonly exposures: readonly Exposure[];
  /** The budget is kept (median) by versions at least so many times as bad; null: by none that was tried. */
  readonly keptFrom: number | null;
  /** From the first request on the canary until a healthy one is certified; null: no end is in sight. */
  readonly certifiedMs: number | null;
  /** Until a healthy canary has all of the traffic and its last step is over. */
  readonly totalMs: number;
  readonly tooLow: TooLow | null;
}

/** Requests of a dead release until it is found: half of them fail. */
const DEAD_REQUESTS = 20;
/** The part of the budget that the first step's warm-up and a dead release may take. */
const FIRST_PART = 0.2;
/** Shares that an uncertified canary has at most, by what is still possible (rollout.md, Exposure, and the small first step). */
const CEILINGS = { broken: 0.01, bad: 0.1, certificate: 0.5 } as const;
const SMALLEST_SHARE = 0.0001;
/** A step may last so many times its expected time before it counts as undecided. */
const PATIENCE = 3;
const LEAST_STEP_MS = 10_000;
const LEAST_PATIENCE_MS = 120_000;

/**
 * Chooses weights and times by what must be out of the question before more users meet the canary.
 *
 * 1. `broken`: at most 1%, and at most a fifth of the budget in `s R (warm-up + reaction) + 20` requests. Lasts until the warm-up is
 *    over and a dead release would be found (20 canary requests).
 * 2. `bad`: at most 10%. Lasts until a version five times as bad would be found with 90% probability.
 * 3. `certificate`: at most half of the traffic. Lasts until a healthy canary is expected to be certified.
 * 4. all of it.
 *
 * Evidence goes on from step to step, so a version r times as bad from its start meets `s_1 R warm-up + N_r(s) + s R reaction` requests,
 * where N_r are the canary requests that the judge needs. A share is the largest below its ceiling with which that keeps to the budget for
 * r = 5 in step 2 and r = 2 in step 3; where the judge needs more requests than the budget at any share, for the smallest regression
 * for which it does not.
 * @throws RangeError without traffic, or for a budget that is no number of requests
 */
export function planRollout(request: PlanRequest): RolloutPlan {
  const { requestsPerSecond } = request.traffic;
  if (!(requestsPerSecond > 0 && requestsPerSecond < Infinity))
    throw new RangeError(`nothing can be planned with ${requestsPerSecond} requests per second`);
  if (!(request.budget >= 1)) throw new RangeError(`a budget of ${request.budget} requests is none`);
  const detect = remembering((share, ratio) => detectionOf(streamAt(request, share), ratio));
  const shares = sharesFor(request);
  const ladder = timed(request, shares, detect);
  const steps = [...ladder, lastStep(request)];
  const certified = certificateMs(request, shares.certificate);
  const exposures = REGRESSIONS.map((ratio) => exposureOf(request, ladder, ratio, detect));
  const kept = TRIED.find((ratio) => exposureOf(request, ladder, ratio, detect).withinBudget);
  return {
    budget: request.budget,
    traffic: request.traffic,
    steps,
    exposures,
    keptFrom: kept ?? null,
    certifiedMs: certified === null ? null : ladder.reduce((sum, { minMs }) => sum + minMs, 0),
    totalMs: steps.reduce((sum, { minMs }) => sum + minMs, 0),
    tooLow: offersFor(request, shares.certificate, detect),
  };
}

function remembering(detect: Detect): Detect {
  const known = new Map<string, Detection | null>();
  return (share, ratio) => {
    const key = `${share} ${ratio}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = detect(share, ratio);
    known.set(key, found);
    return found;
  };
}

type Shares = Readonly<Record<Exclude<Purpose, 'all'>, number>>;

function sharesFor(request: PlanRequest): Shares {
  const { budget, traffic, reactionMs } = request;
  const perMs = traffic.requestsPerSecond / 1000;
  const room = FIRST_PART * budget - DEAD_REQUESTS;
  const first = room / (perMs * (warmUpOf(request) + reactionMs));
  const broken = rounded(Math.min(first, CEILINGS.broken, request.largestShare));
  const bad = Math.max(broken, largestFor(request, broken, CEILINGS.bad, 5));
  const certificate = Math.max(bad, largestFor(request, broken, CEILINGS.certificate, 2));
  return { broken, bad, certificate };
}

/** The largest share at which a version `ratio` times as bad keeps to the budget; else at which the next worse one does. */
function largestFor(request: PlanRequest, first: number, ceiling: number, ratio: number): number {
  const top = Math.min(ceiling, request.largestShare);
  for (const tried of TRIED.filter((one) => one >= ratio)) {
    const keeps = (share: number) => expectedExposure(request, first, share, tried) <= request.budget;
    if (keeps(top)) return rounded(top);
    if (!keeps(first)) continue;
    let [low, high] = [first, top];
    while (high - low > SMALLEST_SHARE / 2) {
      const middle = (low + high) / 2;
      if (keeps(middle)) low = middle;
      else high = middle;
    }
    return rounded(low);
  }
  return first;
}

function expectedExposure(request: PlanRequest, first: number, share: number, ratio: number): number {
  const perMs = request.traffic.requestsPerSecond / 1000;
  const needed = expectedRequests(streamAt(request, share), ratio) ?? Infinity;
  return first * perMs * warmUpOf(request) + needed + share * perMs * request.reactionMs;
}

const rounded = (share: number): number =>
  Math.max(SMALLEST_SHARE, Math.floor(share / SMALLEST_SHARE + 1e-6) * SMALLEST_SHARE);

/** Steps of equal share are one step. */
function timed(request: PlanRequest, shares: Shares, detect: Detect): PlannedStep[] {
  const steps: PlannedStep[] = [];
  let compared = 0;
  for (const purpose of ['broken', 'bad', 'certificate'] as const) {
    const share = shares[purpose];
    const perMs = (request.traffic.requestsPerSecond * share) / 1000;
    const needed = timeFor(request, purpose, share, detect);
    const warmUp = steps.length === 0 ? warmUpOf(request) : 0;
    const rest = Math.max(0, (needed ?? request.longestStepMs) - compared / perMs);
    const minMs = Math.min(request.longestStepMs, Math.max(LEAST_STEP_MS, wholeSeconds(warmUp + rest)));
    compared += perMs * (minMs - warmUp);
    steps.push({
      share,
      purpose,
      minMs,
      maxMs: Math.min(2 * request.longestStepMs, Math.max(PATIENCE * minMs, minMs + LEAST_PATIENCE_MS)),
      canaryRequestsPerSecond: perMs * 1000,
      found: REGRESSIONS.map((ratio) => ({ ratio, detection: detect(share, ratio) })),
    });
  }
  return steps.filter(({ share }, i) => share !== steps[i + 1]?.share).map((step) => joined(step, steps));
}

const wholeSeconds = (ms: number) => Math.ceil(ms / 1000) * 1000;

/** The last of several steps of one share, with the time of all of them. */
function joined(step: PlannedStep, steps: readonly PlannedStep[]): PlannedStep {
  const same = steps.filter(({ share }) => share === step.share);
  const sum = (key: 'minMs' | 'maxMs') => same.reduce((total, one) => total + one[key], 0);
  return { ...step, minMs: sum('minMs'), maxMs: sum('maxMs') };
}

/** Time of comparing that a step is there for; null: longer than any step may last. */
function timeFor(request: PlanRequest, purpose: keyof Shares, share: number, detect: Detect): number | null {
  const perMs = (request.traffic.requestsPerSecond * share) / 1000;
  switch (purpose) {
    case 'broken':
      return DEAD_REQUESTS / perMs;
    case 'bad':
      return detect(share, 5)?.p90Ms ?? null;
    case 'certificate':
      return certificateMs(request, share);
  }
}

const lastStep = (request: PlanRequest): PlannedStep => ({
  share: 1,
  purpose: 'all',
  minMs: request.lastStepMs,
  maxMs: 2 * request.lastStepMs,
  canaryRequestsPerSecond: request.traffic.requestsPerSecond,
  found: [],
});

/** Goes through the steps as a version that is bad from its start would: it is found in the first in which it has had requests enough. */
function exposureOf(
  request: PlanRequest,
  ladder: readonly PlannedStep[],
  ratio: number,
  detect: Detect,
): Exposure {
  const at = (which: 'medianRequests' | 'p90Requests') => {
    const [warmUp, perMs] = [warmUpOf(request), request.traffic.requestsPerSecond / 1000];
    let compared = 0;
    for (const [i, { share, minMs }] of ladder.entries()) {
      const needed = detect(share, ratio)?.[which];
      if (needed === undefined) return null;
      const here = share * perMs * (minMs - (i === 0 ? warmUp : 0));
      // In its last step before all of the traffic a bad version waits for a certificate that it does not get.
      if (compared + here >= needed || i === ladder.length - 1) {
        const before = (ladder[0]?.share ?? 0) * perMs * warmUp;
        return Math.ceil(before + Math.max(needed, compared) + share * perMs * request.reactionMs);
      }
      compared += here;
    }
    return null;
  };
  const median = at('medianRequests');
  const withinBudget = median !== null && median <= request.budget;
  return { ratio, median, p90: at('p90Requests'), withinBudget };
}
