/** What the judge costs, alone: the last rows of the judge's own benchmark. */
import { measureCost } from './judge/cost.ts';
import { report } from './lib/report.ts';

report('judge-speed', measureCost());
