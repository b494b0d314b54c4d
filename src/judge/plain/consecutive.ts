import type { ConsecutiveEvidence, PlainContext, PlainEvidence, PlainFinding } from './finding.ts';
import type { ComparedFigures } from './intervals.ts';
import type { ConsecutiveSettings, Thresholds } from './settings.ts';
import { checkThresholds, enough } from './thresholds.ts';

/** What one interval's check said. */
export type Outcome = 'passed' | 'failed' | 'missing' | 'inconclusive';

/** @param concurrent whether a baseline should have served; without its requests there is then no data to compare with */
export function outcomeOf(
  figures: ComparedFigures,
  thresholds: Thresholds,
  { sample }: ConsecutiveSettings,
  concurrent: boolean,
): Outcome {
  const { canary, baseline } = figures;
  if (checkThresholds(figures, thresholds, sample).some(({ result }) => result === 'broken')) return 'failed';
  if (canary.requests === 0 || (concurrent && baseline.requests === 0)) return 'missing';
  return enough(canary, thresholds, sample) ? 'passed' : 'inconclusive';
}

/** An issue where the limit of failed checks is reached. */
export function tooManyFailures(evidence: PlainEvidence): PlainFinding | undefined {
  const { consecutive, thresholds } = evidence;
  if (consecutive === null) return undefined;
  const { settings, recent } = consecutive;
  const failed = failures(evidence, consecutive);
  if (failed < settings.failureLimit) return undefined;
  const last = recent.findLast((one) => outcomeOf(one, thresholds, settings, false) === 'failed');
  const broken = last && checkThresholds(last, thresholds, settings.sample);
  const words = broken?.find(({ result }) => result === 'broken')?.words() ?? '';
  return {
    verdict: 'issue',
    rule: 'failed-checks',
    reason: `${failed} checks failed${settings.failures === 'in_a_row' ? ' in a row' : ''}, the last one with ${words}`,
  };
}

/** The verdict of a check each interval. */
export function consecutiveFinding(
  evidence: PlainEvidence,
  checks: ConsecutiveEvidence,
  { stepStartedAt, concurrentBaseline }: PlainContext,
): PlainFinding {
  const { settings, recent, inconclusiveInAll } = checks;
  const outcome = (one: ComparedFigures) => outcomeOf(one, evidence.thresholds, settings, concurrentBaseline);
  const tooMany = tooManyFailures(evidence);
  if (tooMany !== undefined) return tooMany;
  const missing = streak(recent.map(outcome), 'missing');
  if (missing >= settings.missingLimit)
    return { verdict: 'warning', rule: 'missing-checks', reason: `${missing} checks in a row had no data` };
  if (inconclusiveInAll >= settings.inconclusiveLimit)
    return {
      verdict: 'warning',
      rule: 'inconclusive-checks',
      reason: `${inconclusiveInAll} checks had fewer than ${settings.sample.requests} requests on the canary`,
    };
  const own = recent.filter(({ from }) => from >= stepStartedAt).map(outcome);
  const passed = own.filter((one) => one === 'passed').length;
  const last = own.at(-1);
  const latest = last === undefined ? 'the first one is still to come' : `the last one ${last}`;
  const said = `${passed} of the latest checks of this step passed (it needs ${settings.passes}), ${latest}`;
  return passed >= settings.passes && last === 'passed'
    ? { verdict: 'ok', rule: 'healthy', reason: said }
    : { verdict: 'undecided', rule: 'checks', reason: said };
}

function failures({ thresholds }: PlainEvidence, checks: ConsecutiveEvidence): number {
  const { settings, recent, failedInAll } = checks;
  if (settings.failures === 'in_all') return failedInAll;
  return streak(
    recent.map((one) => outcomeOf(one, thresholds, settings, false)),
    'failed',
  );
}

/** How often `what` came last, without another outcome in between. */
function streak(outcomes: readonly Outcome[], what: Outcome): number {
  const before = outcomes.findLastIndex((outcome) => outcome !== what);
  return outcomes.length - 1 - before;
}
