import { significant } from '../wording.ts';
import { fixedFinding, brokenThreshold } from './fixed.ts';
import type { MannWhitneyEvidence, PlainContext, PlainEvidence, PlainFinding } from './finding.ts';
import type { Figures } from './intervals.ts';
import { classify } from './metric.ts';
import { score, type ScoredMetric } from './score.ts';
import type { ComparedMetric, MannWhitneySettings } from './settings.ts';

/** A metric's value in one interval; null without data. */
export function valueOf({ name }: ComparedMetric, figures: Figures): number | null {
  if (name === 'error-rate') return figures.requests === 0 ? null : figures.errors / figures.requests;
  return figures[`${name}Ms`];
}

/** An issue where the latest analysis scores less than marginal; without a baseline, where an absolute threshold is broken. */
export function failedAnalysis(
  evidence: PlainEvidence,
  { settings, analysis }: MannWhitneyEvidence,
): PlainFinding | undefined {
  if (evidence.window.baseline.requests === 0) return brokenThreshold(evidence);
  if (analysis === null) return undefined;
  const { total, metrics, words } = scored(settings, analysis);
  const nothing = metrics.some(({ classification }) => classification.startsWith('nodata'));
  if (nothing || total >= settings.marginal) return undefined;
  return { verdict: 'issue', rule: 'mann-whitney', reason: words };
}

/** The verdict of Kayenta's judge. Unlike there, a metric without data never passes and never fails a canary: it is waited for. */
export function scoredFinding(
  evidence: PlainEvidence,
  own: MannWhitneyEvidence,
  { stepStartedAt, concurrentBaseline }: PlainContext,
): PlainFinding {
  const failed = failedAnalysis(evidence, own);
  if (failed !== undefined) return failed;
  if (!concurrentBaseline) return fixedFinding(evidence);
  const { settings, analysis, intervals } = own;
  const { intervalsPerAnalysis, pass, marginal } = settings;
  if (analysis === null || analysis.at <= stepStartedAt) {
    const have = intervals % intervalsPerAnalysis;
    const reason = `the next analysis has ${have} of its ${intervalsPerAnalysis} new intervals`;
    return { verdict: 'undecided', rule: 'analysis', reason };
  }
  const { total, metrics, words } = scored(settings, analysis);
  const without = metrics.filter(({ classification }) => classification.startsWith('nodata'));
  if (without.length > 0)
    return {
      verdict: 'warning',
      rule: 'metrics-without-data',
      reason: `no data for ${without.map(({ name }) => name).join(', ')}, so that the score of ${total} is not used`,
    };
  if (total >= pass) return { verdict: 'ok', rule: 'healthy', reason: words };
  const reason = `${words}: marginal, from ${marginal} on and below ${pass}`;
  return { verdict: 'warning', rule: 'marginal-score', reason };
}

type Analysis = NonNullable<MannWhitneyEvidence['analysis']>;
type Scored = ReturnType<typeof workedOut>;

/** An analysis stands until the next one and is asked for at every look, while working it out takes milliseconds. */
const KNOWN = new WeakMap<Analysis, { readonly settings: MannWhitneySettings; readonly scored: Scored }>();

function scored(settings: MannWhitneySettings, analysis: Analysis): Scored {
  const known = KNOWN.get(analysis);
  if (known?.settings === settings) return known.scored;
  const fresh = workedOut(settings, analysis);
  KNOWN.set(analysis, { settings, scored: fresh });
  return fresh;
}

function workedOut(settings: MannWhitneySettings, analysis: Analysis) {
  const values = (of: readonly (number | null)[] | undefined) =>
    (of ?? []).map((value) => value ?? Number.NaN);
  const metrics = settings.metrics.map((metric, i): ScoredMetric => {
    const { name, group } = metric;
    const compared = classify(values(analysis.canary[i]), values(analysis.baseline[i]), metric, settings);
    return { ...compared, name, group };
  });
  const total = score(metrics, settings.groupWeights).score;
  return {
    total,
    metrics,
    words: `score ${significant(total)} of 100: ${metrics.map(described).join(', ')}`,
  };
}

function described({ name, classification, ratio }: ScoredMetric): string {
  const change = ratio === null ? '' : ` (${significant(ratio)} times stable's)`;
  return `${name} ${classification}${change}`;
}
