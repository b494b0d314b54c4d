import type { Classified } from './metric.ts';

// The summary of all metrics, as Kayenta's WeightedSumScorer and ThresholdScoreClassifier make it.

/** From this share of metrics without data on, the canary scores nothing. */
const TOO_MUCH_NODATA = 0.5;

export interface ScoredMetric extends Classified {
  readonly name: string;
  /** Groups that it counts in. */
  readonly group: string;
}

export interface Score {
  /** 0 to 100, two decimals. */
  readonly score: number;
  /** Why it is 0 without counting; null where it was counted. */
  readonly failed: 'critical' | 'nodata' | null;
  readonly groups: ReadonlyArray<{ readonly name: string; readonly score: number; readonly weight: number }>;
}

/**
 * The weighted sum of the groups' shares of passed metrics.
 *
 * A metric without data is not counted, a group of such only counts as full; a critical failure, or half of the metrics without data,
 * makes 0.
 * @param groupWeights percent by group; groups without one share what is left of 100
 */
export function score(
  metrics: readonly ScoredMetric[],
  groupWeights: Readonly<Record<string, number>>,
): Score {
  const names = [...new Set(metrics.map(({ group }) => group))];
  const weighted = names.filter((name) => Object.hasOwn(groupWeights, name));
  const spent = Object.values(groupWeights).reduce((sum, weight) => sum + weight, 0);
  const each = (100 - spent) / Math.max(1, names.length - weighted.length);
  const groups = names.map((name) => ({
    name,
    weight: groupWeights[name] ?? each,
    score: groupScore(metrics.filter(({ group }) => group === name)),
  }));
  const nodata = metrics.filter(({ classification }) => classification === 'nodata').length;
  const failed = metrics.some(({ critical, classification }) => critical && classification !== 'pass')
    ? 'critical'
    : metrics.length === 0 || nodata / metrics.length >= TOO_MUCH_NODATA
      ? 'nodata'
      : null;
  const sum = groups.reduce((total, group) => total + (group.score * group.weight) / 100, 0);
  return { score: failed === null ? Math.round(sum * 100) / 100 : 0, failed, groups };
}

function groupScore(metrics: readonly ScoredMetric[]): number {
  const counted = metrics.filter(({ classification }) => classification !== 'nodata');
  if (counted.length === 0) return 100;
  return (100 * counted.filter(({ classification }) => classification === 'pass').length) / counted.length;
}
