import { count } from '../wording.ts';
import type { PlainEvidence, PlainFinding } from './finding.ts';
import { checkThresholds, enough } from './thresholds.ts';

/** An issue where a threshold is broken over the last minutes. */
export function brokenThreshold(evidence: PlainEvidence): PlainFinding | undefined {
  const broken = checkThresholds(evidence.window, evidence.thresholds, evidence.sample).find(
    ({ result }) => result === 'broken',
  );
  return broken && { verdict: 'issue', rule: 'threshold', reason: broken.words() };
}

/** The verdict of fixed thresholds, compared literally. */
export function fixedFinding(evidence: PlainEvidence): PlainFinding {
  const { window, thresholds, sample } = evidence;
  const broken = brokenThreshold(evidence);
  if (broken !== undefined) return broken;
  const { requests, answered } = window.canary;
  if (!enough(window.canary, thresholds, sample))
    return {
      verdict: 'undecided',
      rule: 'small-sample',
      reason: `${count(requests)} requests on the canary, ${count(answered)} of them answered: thresholds are compared from ${sample.requests} on, latencies from ${sample.p95}`,
    };
  const checks = checkThresholds(window, thresholds, sample);
  const spared = checks.filter(({ result }) => result === 'spared');
  const left = spared.map(({ words }) => `; not applied, since stable breaks it too: ${words()}`).join('');
  const kept = checks.filter(({ result }) => result === 'kept').length;
  return {
    verdict: 'ok',
    rule: 'healthy',
    reason: `${kept} thresholds are kept over ${count(requests)} requests${left}`,
  };
}
