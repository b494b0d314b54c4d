export type { LimitEvidence, LimitRule, Occurrence } from './absolute.ts';
export type { Effects, Quantiles } from './effects.ts';
export type { Evidence, LogEs } from './evidence.ts';
export * from './histogram.ts';
export type { Finding, Rule, Verdict } from './finding.ts';
export { observe } from './observe.ts';
export { estimatePhi, temperingOf, type InstanceBlock } from './overdispersion.ts';
export {
  DEFAULT_GATES,
  DEFAULT_SETTINGS,
  type EffectGates,
  type JudgeSettings,
  type Limits,
} from './settings.ts';
export { createJudge, type Judge } from './state.ts';
export type { ArmTick, Tick, Totals } from './tick.ts';
export {
  assess,
  verdictOf,
  type Assessment,
  type AssessmentContext,
  type AssessmentRecord,
} from './verdict.ts';
