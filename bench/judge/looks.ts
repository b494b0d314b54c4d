import { harmIsPossible, logEsOf } from '../../src/judge/evidence.ts';
import type { Judge } from '../../src/judge/index.ts';

/** Whether a look at the judge could bring a response now; where this says no, none is lost by not looking. */
export const mayRespond = (judge: Judge): boolean => harmIsPossible(judge, logEsOf(judge));
