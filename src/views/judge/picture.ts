import type { Figure, LinePanel } from '../chart/index.ts';
import { lasting, odds } from '../words.ts';
import type { Comparison, EvidencePoint } from './compare.ts';

/** Evidence below this is drawn at the edge: it says no more than "none". */
const LEAST = 1e-3;
const MOST = 1e6;

/** The evidence of harm and of health over time, with what it leads to. */
export function pictureOf(comparison: Comparison): Figure {
  const { application, environment, version, verdict, spanMs, overTime, thresholds, evidence } = comparison;
  const { retreat, rollback, warning } = thresholds;
  const certificate = Math.log(evidence.certificate.needed);
  const start = overTime[0]?.at ?? 0;
  const harm = [
    { value: Math.exp(warning), label: `warning ${odds(warning)}` },
    ...(retreat === null ? [] : [{ value: Math.exp(retreat), label: `retreats ${odds(retreat)}` }]),
    { value: Math.exp(rollback), label: `rolls back ${odds(rollback)}` },
  ];
  return {
    title: `${application}/${environment} ${version}: ${verdict.verdict}`,
    description: `Evidence over ${lasting(spanMs)}. ${verdict.reason}`,
    panels: [
      panel(
        'Evidence that the canary is worse',
        overTime,
        start,
        ({ harm: logE }) => logE,
        harm,
        markersOf(comparison, start),
      ),
      panel(
        'Evidence that it is healthy',
        overTime,
        start,
        ({ health }) => health,
        [{ value: Math.exp(certificate), label: `certified ${odds(certificate)}` }],
        [],
      ),
    ],
  };
}

function panel(
  title: string,
  points: readonly EvidencePoint[],
  start: number,
  of: (point: EvidencePoint) => number,
  thresholds: NonNullable<LinePanel['thresholds']>,
  markers: NonNullable<LinePanel['markers']>,
): LinePanel {
  const values = points.map((point) => Math.exp(of(point)));
  return {
    kind: 'lines',
    title,
    height: 240,
    x: { label: 'since the canary began', unit: 'duration', min: 0 },
    y: {
      label: 'to 1',
      scale: 'log',
      min: Math.max(LEAST, Math.min(0.1, ...values)),
      max: Math.min(MOST, Math.max(...thresholds.map(({ value }) => value), ...values) * 2),
    },
    series: [{ name: 'evidence', points: points.map((point) => [point.at - start, Math.exp(of(point))]) }],
    thresholds,
    markers,
  };
}

const markersOf = ({ verdicts }: Comparison, start: number) =>
  verdicts
    .filter(({ verdict, at }) => verdict === 'issue' && at >= start)
    .map(({ at, rule }) => ({ x: at - start, label: rule }));
