import { harmIsPossible } from '../../src/judge/evidence.ts';
import type { Judge } from '../../src/judge/index.ts';

/**
 * Whether a look at the judge could bring a response now. Where this says no, none is lost by not looking: the sequential judge has no
 * response whose logE is below its bound, and every judge latches a rollback as it observes.
 */
export const mayRespond = (judge: Judge): boolean =>
  judge.issue !== undefined || (judge.settings.rule === 'sequential' && harmIsPossible(judge));
