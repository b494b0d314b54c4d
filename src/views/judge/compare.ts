import {
  assess,
  createHistogram,
  createRatioSequence,
  feedRatioSequence,
  mergeInto,
  quantile,
  rateInterval,
  ratioInterval,
  type Assessment,
  type AssessmentContext,
  type Evidence,
  type Histogram,
  type Interval,
  type Judge,
  type JudgeSettings,
  type RatioSequence,
} from '../../judge/index.ts';
import { utc } from '../words.ts';
import { nearestRule, thresholdsOf, type NearestRule, type Thresholds } from './nearest.ts';
import type { ReadRecord } from './record.ts';
import { Replay } from './replay.ts';

/** What one arm did since the warm-up. Latencies in ms, exact to 2%; null where nothing was answered. */
export interface ArmComparison {
  readonly requests: number;
  readonly errors: number;
  readonly rate: number | null;
  /** 95% confidence sequence of the rate. */
  readonly range: Range;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** `high` null: nothing bounds it. */
export interface Range {
  readonly low: number;
  readonly high: number | null;
}

/** Canary and stable side by side, and what the judge makes of it. Evidence is ln of an e-value. */
export interface Comparison {
  readonly deployment: string;
  readonly application: string;
  readonly environment: string;
  readonly version: string;
  /** Of the last look. */
  readonly at: string;
  /** Time that the comparison covers, ms. */
  readonly spanMs: number;
  readonly judge: JudgeSettings['rule'];
  readonly verdict: Omit<Assessment, 'record'>;
  /** When harm was shown, since the canary began; null where it was not. */
  readonly shownAfterMs: number | null;
  /** How long the canary's first moments are left out of the comparison, ms since it began. */
  readonly warmUpMs: number;
  /** The rule that has come nearest to finding harm. */
  readonly nearest: NearestRule;
  readonly thresholds: Thresholds;
  readonly canary: ArmComparison;
  readonly stable: ArmComparison;
  /** canary / stable */
  readonly ratio: { readonly seen: number | null; readonly range: Range };
  readonly evidence: Evidence;
  readonly overTime: readonly EvidencePoint[];
  /** When the judge changed its mind. */
  readonly verdicts: ReadonlyArray<{ readonly at: number; readonly verdict: string; readonly rule: string }>;
}

export interface EvidencePoint {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Evidence of harm, and of health. */
  readonly harm: number;
  readonly health: number;
}

/** As many points of the evidence over time as a picture needs. */
const POINTS = 240;

/**
 * Judges a record again and compares its arms, as they were at its last tick.
 * @param where names the record in errors
 * @throws SpillwayError `invalid_event` for a record that cannot be judged
 */
export function compareOf(record: ReadRecord, where: string): Comparison {
  const replay = new Replay(record, where);
  let sums = noSums();
  const last = record.latest ?? record.verdicts.at(-1);
  const endsAt = lastAt(record);
  const every = (endsAt - record.started_at) / POINTS;
  const contextAt = (now: number): AssessmentContext => ({ ...(last?.record.context ?? USUAL), now });
  const overTime: EvidencePoint[] = [];
  let assessment = assess(replay.judge, contextAt(record.started_at));
  let compared = comparedBy(replay.judge);
  for (let tick = replay.next(); tick !== undefined; tick = replay.next()) {
    const { record: latest } = assessment;
    const now = comparedBy(replay.judge);
    // A warm-up that is found to be longer makes the judge compare anew.
    if (now.canaryRequests < compared.canaryRequests) {
      sums = noSums();
      compared = NOTHING;
    }
    if (tick.at > latest.warmUpEndsAt) {
      mergeInto(sums.canary, tick.canary.latency);
      mergeInto(sums.baseline, tick.baseline.latency);
    }
    feedRatioSequence(sums.ratio, difference(now, compared), latest.evidence.phi);
    compared = now;
    if (tick.at < (overTime.at(-1)?.at ?? -Infinity) + every && tick.at < endsAt) continue;
    assessment = assess(replay.judge, contextAt(tick.at));
    const { logE, certificate } = assessment.record.evidence;
    overTime.push({ at: tick.at, harm: logE.combined, health: certificate.logE });
  }
  return { ...comparisonOf(record, assessment, sums), overTime };
}

/** When the last tick ends; what is not to be read is told when its turn comes. */
function lastAt({ ticks, started_at: startedAt }: ReadRecord): number {
  const last = ticks.at(-1);
  const at = typeof last === 'object' && last !== null && 'at' in last ? last.at : undefined;
  return typeof at === 'number' ? at : startedAt;
}

interface Sums {
  readonly canary: Histogram;
  readonly baseline: Histogram;
  readonly ratio: RatioSequence;
}

const noSums = (): Sums => ({
  canary: createHistogram(),
  baseline: createHistogram(),
  ratio: createRatioSequence(),
});

function comparisonOf(record: ReadRecord, assessment: Assessment, sums: Sums): Omit<Comparison, 'overTime'> {
  const { deployment, application, environment, version, started_at: startedAt } = record;
  const { record: data, ...verdict } = assessment;
  const { evidence } = data;
  const canary = armOf(evidence.canary, sums.canary, evidence.phi);
  const stable = armOf(evidence.baseline, sums.baseline, evidence.phi);
  const thresholds = thresholdsOf(evidence);
  return {
    deployment,
    application,
    environment,
    version,
    at: utc(evidence.at),
    spanMs: evidence.at - startedAt,
    judge: record.settings.rule,
    verdict,
    shownAfterMs: data.issue && data.issue.at - startedAt,
    warmUpMs: data.warmUpEndsAt - startedAt,
    nearest: nearestRule(evidence),
    thresholds,
    canary,
    stable,
    ratio: {
      seen: canary.rate === null || !stable.rate ? null : canary.rate / stable.rate,
      range: rangeOf(ratioInterval(sums.ratio)),
    },
    evidence,
    verdicts: record.verdicts.map(({ at, verdict: name, rule }) => ({ at, verdict: name, rule })),
  };
}

function armOf({ requests, errors }: Counts, latency: Histogram, phi: number): ArmComparison {
  const answered = requests > 0 && latency.some((n) => n > 0);
  const quantileMs = (p: number) => (answered ? quantile(latency, p) : null);
  return {
    requests,
    errors,
    rate: requests === 0 ? null : errors / requests,
    range: rangeOf(rateInterval(errors, requests, phi)),
    p50Ms: quantileMs(0.5),
    p90Ms: quantileMs(0.9),
    p95Ms: quantileMs(0.95),
    p99Ms: quantileMs(0.99),
  };
}

const rangeOf = ({ low, high }: Interval): Range => ({ low, high: high === Infinity ? null : high });

interface Counts {
  readonly requests: number;
  readonly errors: number;
}

/** What the judge's comparison rests on so far. */
const comparedBy = ({ compared: { canary, baseline } }: Judge) => ({
  canaryRequests: canary.requests,
  baselineRequests: baseline.requests,
  canaryEvents: canary.errors,
  baselineEvents: baseline.errors,
});

type Compared = ReturnType<typeof comparedBy>;

const NOTHING: Compared = { canaryRequests: 0, baselineRequests: 0, canaryEvents: 0, baselineEvents: 0 };

const difference = (now: Compared, before: Compared): Compared => ({
  canaryRequests: now.canaryRequests - before.canaryRequests,
  baselineRequests: now.baselineRequests - before.baselineRequests,
  canaryEvents: now.canaryEvents - before.canaryEvents,
  baselineEvents: now.baselineEvents - before.baselineEvents,
});

/** Where no verdict was given yet: no step's time runs. */
const USUAL: Omit<AssessmentContext, 'now'> = {
  stepStartedAt: 0,
  minStepMs: 0,
  maxStepMs: Number.MAX_SAFE_INTEGER,
  concurrentBaseline: true,
  certificateRequired: true,
  staleAfterMs: Number.MAX_SAFE_INTEGER,
};
