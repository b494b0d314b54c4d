/** Section E: errors, latency and crashes as one evidence, which is what alpha is for. */
import { logAddExp } from '../logmath.ts';
import { SECOND_STAGE, type JudgeSettings } from '../settings.ts';

/** Natural logarithms of E; null = not measured. */
export interface LogEs {
  readonly errors: number;
  readonly latency: number | null;
  readonly latencyWarning: number | null;
  readonly crashes: number | null;
  /** `.5 errors + .3 latency + .2 crashes`, of E. */
  readonly combined: number;
  /** The same with latency as it is for a warning. */
  readonly warning: number;
}

const ERRORS = { weight: 0.5, log: Math.log(0.5) };
const LATENCY = { weight: 0.3, log: Math.log(0.3) };
const CRASHES = { weight: 0.2, log: Math.log(0.2) };

/** ln of the weighted mean of E; the weight of what is not measured goes to the others. */
export function combine(errors: number, latency: number | null, crashes: number | null): number {
  let logE = ERRORS.log + errors;
  let weight = ERRORS.weight;
  if (latency !== null) {
    logE = logAddExp(logE, LATENCY.log + latency);
    weight += LATENCY.weight;
  }
  if (crashes !== null) {
    logE = logAddExp(logE, CRASHES.log + crashes);
    weight += CRASHES.weight;
  }
  return logE - Math.log(weight);
}

/** Which of the three carries most of the combined evidence, or of that for a warning. */
export function strongest(logE: LogEs, of: 'combined' | 'warning'): 'error-ratio' | 'latency' | 'crashes' {
  const slow = of === 'combined' ? logE.latency : logE.latencyWarning;
  const errors = ERRORS.log + logE.errors;
  const latency = LATENCY.log + (slow ?? -Infinity);
  const crashes = CRASHES.log + (logE.crashes ?? -Infinity);
  if (crashes > errors && crashes > latency) return 'crashes';
  return latency > errors ? 'latency' : 'error-ratio';
}

/** The logE that shows harm, and for the comparison with the baseline the one for which the canary is rolled back. */
export const logEFor = ({ alpha, stages }: Pick<JudgeSettings, 'alpha' | 'stages'>) => ({
  issue: -Math.log(alpha),
  rollback: -Math.log(alpha) + (stages === 1 ? 0 : Math.log(SECOND_STAGE)),
});
