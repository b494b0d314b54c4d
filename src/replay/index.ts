export {
  comparisonFigure,
  JUDGES,
  judgedBy,
  outcomeText,
  type Comparison,
  type JudgeName,
} from './comparison.ts';
export { playRecord } from './recorded.ts';
export { Rates } from './rates.ts';
export { Replay, type ReplayOptions } from './replay.ts';
export type { ReplayResult, StoryPoint } from './result.ts';
export type { Cast } from './rehearsal.ts';
export { parseSynthetic, synthesise } from './synthetic.ts';
export { readTrace, type TraceMeta, type TraceProblems, type TraceSink } from './trace.ts';
export { Onlooker, type Remark, type Would } from './onlooker.ts';
export { nextTick, type Counted, type Watched } from './windows.ts';
export { candidatesFor } from './history/candidates.ts';
export { findDeployments, type PastDeployment } from './history/find.ts';
export { Trial, type Score } from './history/learn.ts';
export type { Proportion } from './history/proportion.ts';
export { traceOf } from './history/trace.ts';
