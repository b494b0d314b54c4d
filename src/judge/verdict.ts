import { evidenceOf, type Evidence } from './evidence.ts';
import {
  comparison,
  fromPlain,
  ok,
  retreatIn,
  rollbackIn,
  undecided,
  warning,
  type Finding,
} from './finding.ts';
import { plainFinding } from './plain/index.ts';
import { strongest } from './sequential/combined.ts';
import { matters } from './sequential/effects.ts';
import { leastCompared, warmUpEnd } from './sequential/warm-up.ts';
import { WARNING_E } from './settings.ts';
import type { Judge } from './state.ts';
import { comparedErrors, odds, roughly } from './wording.ts';

/** Up to here evidence is divided by what bursts of every day make. */
const USUAL_PHI = 20;
/** Beyond it, so many canary requests for each by which it is divided are asked for. */
const FEWEST_INDEPENDENT = 200;

/** A canary that is slower by a fifth is warned about after so many of its requests. */
const AFTER_SUSPICION = 500;

/** What the verdict depends on beside the evidence. Times are epoch milliseconds. */
export interface AssessmentContext {
  readonly now: number;
  readonly stepStartedAt: number;
  readonly minStepMs: number;
  readonly maxStepMs: number;
  /** Whether a baseline serves beside the canary. Without one (at 100%) only absolute limits speak. */
  readonly concurrentBaseline: boolean;
  /** Before 100%. */
  readonly certificateRequired: boolean;
  /** Telemetry older than this is stale. */
  readonly staleAfterMs: number;
  /** Why there is no newer telemetry, where that is known. */
  readonly trouble?: string;
}

/** Everything that a verdict was made of, as plain data: `verdictOf(record)` gives it again. */
export interface AssessmentRecord {
  readonly context: AssessmentContext;
  readonly warmUpEndsAt: number;
  /** With which the canary's latency or errors were seen to fall after its start; null where they were not. */
  readonly warmUpTimeConstantMs: number | null;
  /** When latency will have been compared for long enough for `ok`; null where it is not compared, or the warm-up's length is given. */
  readonly latencyProvenAt: number | null;
  /** How many more of the canary's requests must be compared in their latency for `ok`. */
  readonly latencyMissing: number;
  readonly lastTickAt: number | null;
  readonly lastCanaryAt: number | null;
  readonly lastBaselineAt: number | null;
  readonly evidence: Evidence;
  /** The evidence of the moment when harm was shown for which the canary is rolled back. */
  readonly issue: Evidence | null;
}

export interface Assessment extends Finding {
  readonly record: AssessmentRecord;
}

/** The verdict at `context.now`. */
export function assess(judge: Judge, context: AssessmentContext): Assessment {
  const record: AssessmentRecord = {
    context,
    warmUpEndsAt: warmUpEnd(judge.warmUp),
    warmUpTimeConstantMs: judge.warmUp.timeConstantMs,
    latencyProvenAt: latencyProvenAt(judge),
    latencyMissing: judge.suspected
      ? Math.max(0, Math.ceil(AFTER_SUSPICION - (judge.latency?.requests ?? 0)))
      : 0,
    lastTickAt: judge.lastTickAt ?? null,
    lastCanaryAt: judge.lastCanaryAt ?? null,
    lastBaselineAt: judge.lastBaselineAt ?? null,
    evidence: evidenceOf(judge, context.now),
    issue: judge.issue ?? null,
  };
  return { ...verdictOf(record), record };
}

function latencyProvenAt(judge: Judge): number | null {
  const { settings, latency, warmUp, lastTickAt = 0 } = judge;
  if (settings.warmUpMs !== 'auto' || latency === undefined || latency.restsOn === 0) return null;
  if (judge.latencyWarm) return judge.latencyProvenAt;
  // It is compared from the next tick on at the earliest.
  return Math.max(warmUpEnd(warmUp), lastTickAt) + leastCompared(warmUp);
}

/** Recomputes a verdict from its record alone. */
export function verdictOf(record: AssessmentRecord): Finding {
  const { context } = record;
  const finding =
    issueIn(record) ?? warningIn(record) ?? waitingIn(record) ?? oneArmIn(record) ?? lastlyIn(record);
  const timeOver = context.now - context.stepStartedAt >= context.maxStepMs;
  if (finding.verdict !== 'undecided' || !timeOver) return finding;
  return warning(
    'step-time-over',
    `the step's longest time of ${roughly(context.maxStepMs)} is over: ${finding.reason}`,
  );
}

function issueIn({ context, evidence, issue }: AssessmentRecord): Finding | undefined {
  if (issue !== null) return rollbackIn(issue);
  // Without a baseline the comparison stands still: only what was shown before counts.
  return context.concurrentBaseline ? retreatIn(evidence) : undefined;
}

function warningIn({ context, lastTickAt, evidence }: AssessmentRecord): Finding | undefined {
  const silence = context.now - Math.max(lastTickAt ?? 0, context.stepStartedAt);
  const ageOf =
    lastTickAt === null
      ? 'no telemetry so far'
      : `the last telemetry is ${roughly(context.now - lastTickAt)} old`;
  const because = context.trouble === undefined ? '' : `: ${context.trouble}`;
  if (silence > context.staleAfterMs) return warning('stale-data', ageOf + because);
  if (evidence.plain !== null) {
    const finding = plainFinding(evidence.plain, context);
    return finding.verdict === 'warning' || finding.verdict === 'issue' ? fromPlain(finding) : undefined;
  }
  if (!context.concurrentBaseline) return undefined;
  const { combined, warning: logEWarning } = evidence.logE;
  if (combined >= -Math.log(evidence.alpha)) {
    const figures = comparison(evidence, strongest(evidence.logE, 'combined'));
    if (evidence.mayBeCold && matters(evidence.effects, evidence.gates))
      return warning(
        'evidence-warning',
        `${figures}, evidence ${odds(combined)}: it may yet be a cold start`,
      );
    const reason = `the canary differs, evidence ${odds(combined)}, but by too little to matter: ${figures}`;
    return warning('evidence-without-effect', reason);
  }
  if (logEWarning < Math.log(WARNING_E)) return undefined;
  const figures = comparison(evidence, strongest(evidence.logE, 'warning'));
  return warning('evidence-warning', `${figures}, evidence ${odds(logEWarning)}`);
}

function waitingIn(record: AssessmentRecord): Finding | undefined {
  const { context, warmUpEndsAt } = record;
  const rest = context.stepStartedAt + context.minStepMs - context.now;
  if (rest > 0) return undecided('step-time', `the step lasts ${roughly(rest)} more`);
  const warmUp = warmUpEndsAt - context.now;
  if (warmUp > 0) return undecided('warm-up', `the canary warms up for ${roughly(warmUp)} more`);
  return context.concurrentBaseline ? unprovenIn(record) : undefined;
}

function unprovenIn({ context, latencyProvenAt, latencyMissing }: AssessmentRecord): Finding | undefined {
  const rest = (latencyProvenAt ?? 0) - context.now;
  if (rest > 0) return undecided('warm-up', `latency is compared for ${roughly(rest)} more`);
  if (latencyMissing > 0)
    return undecided(
      'warm-up',
      `the canary was slower at first: latency is compared for ${latencyMissing} more of its requests`,
    );
  return undefined;
}

function oneArmIn({
  context,
  lastCanaryAt,
  lastBaselineAt,
  evidence,
}: AssessmentRecord): Finding | undefined {
  const since = Math.max(context.stepStartedAt, context.now - evidence.effects.windowMs);
  const silent = (last: number | null) => last === null || last <= since;
  if (silent(lastCanaryAt))
    return warning('no-canary-data', 'the canary had no requests, so nothing is known about it');
  if (context.concurrentBaseline && silent(lastBaselineAt))
    return warning(
      'no-baseline-data',
      'stable had no requests, so there is nothing to compare the canary with',
    );
  return undefined;
}

const lastlyIn = (record: AssessmentRecord): Finding =>
  record.evidence.plain === null
    ? certifiedIn(record)
    : fromPlain(plainFinding(record.evidence.plain, record.context));

/**
 * Where instances vary wildly, as after one that was dead for minutes, evidence is divided by so much that nothing shown says nothing
 * before very many requests.
 */
function tooVariedIn({ phi, latencyPhi, logE, canary }: Evidence): Finding | undefined {
  // Older records tell nothing of latency by quantile.
  const known = logE.latency === null ? [] : (latencyPhi ?? []);
  const least = known.length === 0 ? phi : Math.min(...known.map((one) => one.phi));
  if (least <= USUAL_PHI || canary.requests >= FEWEST_INDEPENDENT * least) return undefined;
  const many = Math.ceil(FEWEST_INDEPENDENT * least);
  return undecided(
    'too-varied',
    `stable's own instances differ so much that evidence is divided by ${least.toFixed(0)}: harm would hardly be seen before ${many} canary requests, and there were ${canary.requests}`,
  );
}

function certifiedIn({ context, evidence }: AssessmentRecord): Finding {
  const { held, logE, needed, remainingMs } = evidence.certificate;
  // Requests of the warm-up alone are data, and say nothing.
  if (context.concurrentBaseline && (evidence.canary.requests === 0 || evidence.baseline.requests === 0))
    return undecided('warm-up', 'both versions have had no requests at the same time since the warm-up');
  const tooVaried = context.concurrentBaseline ? tooVariedIn(evidence) : undefined;
  if (tooVaried !== undefined) return tooVaried;
  if (!context.certificateRequired || held)
    return ok('healthy', `no evidence of harm: ${comparedErrors(evidence)}`);
  const time = remainingMs === null ? 'no end in sight' : `about ${roughly(remainingMs)} more`;
  return undecided(
    'certificate',
    `not yet shown to be healthy (${odds(logE)} of ${needed}:1): ${time} at the present traffic`,
  );
}
