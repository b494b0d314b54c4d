/** Section F: when the certificate will be held. */
import { certificateLogE, COMPARED, TWICE, type Certificate } from './certificate.ts';
import { HEALTHY_GRID, logEvidenceOf, type Mixture } from './mixture.ts';
import { createSplit, setShare } from './ratio.ts';

/** Traffic and errors of the present, which a prediction takes to go on. */
export interface Traffic {
  /** Requests per millisecond. */
  readonly canary: number;
  readonly baseline: number;
  /** Share of requests that fail on a healthy arm. */
  readonly errorRate: number;
}

/** ln of weight times evidence of an alternative now, and what it is expected to gain in a millisecond. */
interface Line {
  readonly start: number;
  readonly perMs: number;
}

/** Room for the split of the present traffic; nothing in it outlives a call. */
const PRESENT = createSplit(HEALTHY_GRID, TWICE);

/** Where no end is in sight within this time, none is predicted. */
const HORIZON_MS = 365 * 86_400_000;
/** The search ends with a step of less than this, in ms. */
const PRECISE_MS = 1;
const LONGEST_SEARCH = 60;

/**
 * Time until the certificate is held, should the canary be as healthy as the baseline and traffic stay as it is: as likely to be too long
 * as too short.
 *
 * The evidence then drifts upwards by its expected increments, and about that it varies. The time M at which the drift reaches the
 * level is a mean; of times that scatter with variation c about a mean M, half are below `M / sqrt(1 + c^2)` (log-normal; for a walk with
 * variance v over a distance a, `c^2 = v M / a^2`).
 * @returns ms; 0 when it is held; null when no end is in sight
 */
export function timeToCertificate(certificate: Certificate, traffic: Traffic, phi: number): number | null {
  if (certificate.held) return 0;
  if (traffic.canary === 0) return null;
  const level = Math.log(certificate.needed);
  const distance = level - certificateLogE(certificate);
  if (distance <= 0) return 0;
  setShare(PRESENT, traffic.canary / (traffic.canary + traffic.baseline));
  const mean = crossing(growthLines(certificate, traffic, phi), level);
  if (mean === null) return null;
  const variation = (variancePerMs(traffic, phi) * mean) / distance ** 2;
  return Math.round(mean / Math.sqrt(1 + variation));
}

/** Of the evidence for "as healthy as the baseline". Errors vary phi times as much as independent ones, and each counts for 1/phi. */
function variancePerMs(traffic: Traffic, phi: number): number {
  const equal = PRESENT.rho.indexOf(1);
  const onBaseline = -(PRESENT.shifts[equal] ?? 0);
  const onCanary = (PRESENT.logRatios[equal] ?? 0) + onBaseline;
  return (traffic.errorRate * (traffic.canary * onCanary ** 2 + traffic.baseline * onBaseline ** 2)) / phi;
}

/** When ln of the sum of e^line is `level`, by Newton's method from the far side: the sum is convex, so no step leaps over the crossing. */
function crossing(lines: readonly Line[], level: number): number | null {
  let ms = Infinity;
  for (const { start, perMs } of lines) if (perMs > 0) ms = Math.min(ms, (level - start) / perMs);
  if (!(ms < HORIZON_MS)) return null;
  for (let step = 0; step < LONGEST_SEARCH; step++) {
    let sum = 0;
    let slope = 0;
    for (const { start, perMs } of lines) {
      const part = Math.exp(start + ms * perMs - level);
      sum += part;
      slope += part * perMs;
    }
    const ahead = (Math.log(sum) * sum) / slope;
    if (!(ahead > PRECISE_MS)) break;
    ms -= ahead;
  }
  return Math.max(0, ms);
}

function growthLines(
  { lessThanTwice, acceptable }: Certificate,
  traffic: Traffic,
  phi: number,
): readonly Line[] {
  const { canary, baseline, errorRate } = traffic;
  const { mixture } = lessThanTwice;
  const requests = canary + baseline;
  const gain = (k: number) =>
    (requests * errorRate * (PRESENT.share * (PRESENT.logRatios[k] ?? 0) - (PRESENT.shifts[k] ?? 0))) / phi;
  if (acceptable === undefined) return linesOf(mixture, 1, gain);
  const { perEvent, perExposure } = acceptable;
  const gainBelow = (k: number) =>
    (canary * (errorRate * (perEvent[k] ?? 0) + (1 - errorRate) * (perExposure[k] ?? 0))) / phi;
  return [...linesOf(mixture, COMPARED, gain), ...linesOf(acceptable.mixture, 1 - COMPARED, gainBelow)];
}

const linesOf = (mixture: Mixture, stake: number, gain: (k: number) => number): Line[] =>
  mixture.grid.weights.map((weight, k) => ({
    start: Math.log(stake * weight) + (mixture.started ? logEvidenceOf(mixture, k) : 0),
    perMs: gain(k),
  }));
