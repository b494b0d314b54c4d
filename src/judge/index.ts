export type { LimitEvidence, LimitRule, Occurrence } from './sequential/absolute.ts';
export {
  CONFIDENCE_ALPHA,
  createRatioSequence,
  feedRatioSequence,
  rateInterval,
  ratioInterval,
  type Interval,
  type RatioSequence,
} from './confidence.ts';
export type { Effects, Quantiles } from './sequential/effects.ts';
export type { Evidence } from './evidence.ts';
export { logEFor, strongest, type LogEs } from './sequential/combined.ts';
export * from './histogram.ts';
export type { Finding, Response, Rule, Verdict } from './finding.ts';
export { beginStep, observe } from './observe.ts';
export {
  BLOCK_SECONDS,
  type BlockSeconds,
  type InstanceBlock,
  type InstanceHistory,
} from './sequential/dispersion.ts';
export * from './planning/index.ts';
export { DEFAULT_PLAIN, type PlainSettings } from './plain/settings.ts';
export {
  DEFAULT_GATES,
  DEFAULT_SETTINGS,
  LEAST_WARM_UP_MS,
  type EffectGates,
  type JudgeRule,
  type JudgeSettings,
  type Limits,
} from './settings.ts';
export { LATENCY_QUANTILES, quantileBuckets } from './sequential/latency.ts';
export type { LatencyPhi } from './sequential/latency-dispersion.ts';
export { createJudge, latencyBuckets, slowThresholds, type Judge } from './state.ts';
export type { ArmTick, InstanceCount, Tick, Totals } from './tick.ts';
export { tickFromJson, tickToJson, type ArmTickJson, type InstanceJson, type TickJson } from './tick-json.ts';
export {
  assess,
  verdictOf,
  type Assessment,
  type AssessmentContext,
  type AssessmentRecord,
} from './verdict.ts';
