import type { Bar, Figure, Point, Series } from '../../src/views/chart/index.ts';
import type { Happening } from './outcome.ts';
import type { CellStatistics } from './statistics.ts';

/** The judges as the charts name them; the first answer of ours is what moves traffic. */
const JUDGES: ReadonlyArray<{ readonly id: string; readonly name: string; readonly answer: Happening }> = [
  { id: 'sequential', name: 'sequential, first response', answer: 'retreat' },
  { id: 'fixed', name: 'fixed: 50% worse', answer: 'rollback' },
  { id: 'consecutive', name: 'five failed checks', answer: 'rollback' },
  { id: 'mann_whitney', name: 'Mann-Whitney', answer: 'rollback' },
];

const HALF_HOUR = 1800;

/** By judge, the part of healthy rollouts that it had condemned by each second. */
export const falseAlarmFigure = (statistics: readonly CellStatistics[]): Figure => ({
  title: 'False alarms on identical code, looked at every second',
  description:
    'By judge, the part of rollouts of a steady service with 1% errors that were condemned by then.',
  panels: [
    {
      kind: 'lines',
      x: { label: 'since the start', unit: 'duration', min: 0, max: HALF_HOUR * 1000 },
      y: { label: 'rollouts condemned', unit: 'percent', min: 0, max: 100 },
      series: JUDGES.flatMap(({ id, name, answer }): Series[] => {
        const one = cellOf(statistics, 'steady, 1%', id, true);
        return one === undefined ? [] : [{ name, shape: 'step', points: growth(one, answer) }];
      }),
    },
  ],
});

function growth(statistics: CellStatistics, answer: Happening): readonly Point[] {
  const seconds = statistics.results.moments[answer].map(({ second }) => second).toSorted((a, b) => a - b);
  const points = seconds.map((second, i): Point => [second * 1000, (100 * (i + 1)) / statistics.runs]);
  return [[0, 0], ...points, [HALF_HOUR * 1000, (100 * seconds.length) / statistics.runs]];
}

const REGRESSIONS = ['errors x 2, 1%', 'errors x 5, 0.5%', 'errors x 20, 0.1%', 'p95 +20%'] as const;

/** By regression and judge, the median of canary requests until it is found. */
export const detectionFigure = (statistics: readonly CellStatistics[]): Figure => ({
  title: 'Canary requests until a regression is found, median',
  description: 'By regression and judge; "never" where it was not found within an hour in half of the runs.',
  panels: [
    {
      kind: 'bars',
      x: { label: 'canary requests', scale: 'log', min: 10 },
      series: JUDGES.map(({ name }) => name),
      groups: REGRESSIONS.map((scenario) => ({
        label: scenario,
        bars: JUDGES.map(({ id, answer }): Bar => {
          const one = cellOf(statistics, scenario, id, false);
          if (one === undefined) return { value: null, text: 'not computed' };
          const value = one.quantile(answer, 'requests', 0.5);
          return Number.isFinite(value) ? { value } : { value: null, text: 'never' };
        }),
      })),
    },
  ],
});

const cellOf = (statistics: readonly CellStatistics[], scenario: string, judge: string, healthy: boolean) =>
  statistics.find(
    ({ cell }) =>
      cell.scenario.name === scenario &&
      cell.judge === judge &&
      cell.healthy === healthy &&
      cell.until === undefined &&
      cell.seconds <= 2 * HALF_HOUR,
  );
