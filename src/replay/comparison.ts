import type { AnalysisPlan, Plan } from '../core/plan.ts';
import { count, lasting } from '../views/words.ts';
import type { Figure, LinePanel, Point } from '../views/chart/index.ts';
import type { RatePoint } from './rates.ts';
import type { ReplayResult } from './result.ts';

export type JudgeName = AnalysisPlan['judge'];

/** In the order in which they are shown. */
export const JUDGES: readonly JudgeName[] = ['sequential', 'fixed', 'consecutive', 'mann_whitney'];

/** The same policy with another judge. What only the sequential judge can do, it asks of none of the others. */
export const judgedBy = (plan: Plan, judge: JudgeName): Plan => ({
  ...plan,
  pace: judge === 'sequential' ? plan.pace : 'time',
  analysis: { ...plan.analysis, judge },
});

/** What each judge would have done on one trace. */
export interface Comparison {
  readonly judge: JudgeName;
  readonly result: ReplayResult;
}

/** `rolled back after 12m 3s` */
export function outcomeText({ outcome, decidedAfterMs, paused, weight }: ReplayResult): string {
  const when = decidedAfterMs === null ? '' : ` after ${lasting(decidedAfterMs)}`;
  if (outcome === 'rolled_back') return `rolled back${when}`;
  if (outcome === 'promoted') return `promoted${when}`;
  return paused === null ? `undecided at ${weight}%` : `paused at ${weight}%`;
}

/** The trace, the weights that each judge would have set on it, the evidence, and who met the canary. */
export function comparisonFigure(
  title: string,
  rates: readonly RatePoint[],
  compared: readonly Comparison[],
): Figure {
  const startedAt = compared[0]?.result.startedAt ?? 0;
  const said = compared.map(({ judge, result }) => `${judge}: ${outcomeText(result)}`);
  return {
    title,
    description: `What each judge would have done on the same trace. ${said.join('; ')}.`,
    panels: [
      ratesPanel(rates, startedAt),
      {
        kind: 'lines',
        title: "The canary's share of the traffic under each judge",
        height: 220,
        x: { label: 'time since the start', unit: 'duration' },
        y: { label: 'share', unit: 'percent', max: 100 },
        series: compared.map(({ judge, result }) => ({
          name: judge,
          shape: 'step',
          points: weightsOf(result),
        })),
      },
      ...evidencePanel(compared),
      {
        kind: 'bars',
        title: 'Requests that met the canary before the decision',
        x: { label: 'requests', scale: 'log', min: 1 },
        series: ['requests'],
        groups: compared.map(({ judge, result }) => ({
          label: judge,
          bars: [
            {
              value: result.exposed.requests,
              text: `${count(result.exposed.requests)}, ${outcomeText(result)}`,
            },
          ],
        })),
      },
    ],
  };
}

function ratesPanel(rates: readonly RatePoint[], startedAt: number): LinePanel {
  const rateOf = (arm: 'canary' | 'baseline') =>
    rates.map((point): Point => {
      const { requests, errors } = point[arm];
      return [point.until - startedAt, requests === 0 ? null : (100 * errors) / requests];
    });
  return {
    kind: 'lines',
    title: 'The trace',
    height: 200,
    x: { label: 'time since the start', unit: 'duration' },
    y: { label: 'requests that failed', unit: 'percent' },
    series: [
      { name: 'canary', points: rateOf('canary') },
      { name: 'stable', points: rateOf('baseline') },
    ],
  };
}

const weightsOf = ({ track, startedAt, endedAt, weight }: ReplayResult): readonly Point[] => [
  ...track.map(({ at, weight: then }): Point => [at - startedAt, then]),
  [endedAt - startedAt, weight],
];

const LEAST_E = Math.log(0.001);
const MOST_E = Math.log(1e6);

function evidencePanel(compared: readonly Comparison[]): readonly LinePanel[] {
  const sequential = compared.find(({ judge }) => judge === 'sequential')?.result;
  if (sequential === undefined) return [];
  const { track, startedAt, decidedAfterMs, retreatedAfterMs } = sequential;
  const retreats = retreatedAfterMs.map((x) => ({ x, label: 'retreats' }));
  const decided =
    decidedAfterMs === null ? [] : [{ x: decidedAfterMs, label: outcomeText(sequential), series: 0 }];
  const inBounds = (logE: number) => Math.exp(Math.min(MOST_E, Math.max(LEAST_E, logE)));
  return [
    {
      kind: 'lines',
      title: 'Evidence of harm as the sequential judge saw it',
      height: 240,
      x: { label: 'time since the start', unit: 'duration', max: sequential.endedAt - startedAt },
      y: { label: 'E', scale: 'log', min: 0.001, max: 1e6 },
      series: [{ name: 'E', points: track.map(({ at, logE }): Point => [at - startedAt, inBounds(logE)]) }],
      thresholds: [
        { value: 100, label: 'harm: E ≥ 100' },
        { value: 1000, label: 'beyond doubt: E ≥ 1000' },
      ],
      markers: [...retreats, ...decided],
    },
  ];
}
