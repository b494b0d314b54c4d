export { detectionOf, type Detection, type Stream } from './detection.ts';
export type { Offer, TooLow } from './offers.ts';
export {
  planRollout,
  REGRESSIONS,
  type Exposure,
  type PlannedStep,
  type Purpose,
  type RolloutPlan,
} from './plan.ts';
export { DEFAULT_LIMITS, LEAST_ERROR_RATE, phiOf, type PlanRequest, type PresentTraffic } from './request.ts';
