import type { Bar, Measured } from '../lib/report.ts';
import { median } from '../lib/report.ts';
import { CELLS, type Cell } from './cells.ts';
import type { Happening } from './outcome.ts';
import { CellStatistics } from './statistics.ts';

/** What a cell must show. */
interface Target {
  readonly cell: string;
  readonly what: string;
  readonly unit: string;
  readonly figure: (statistics: CellStatistics) => number;
  readonly bar?: Bar;
}

const atMost = (limit: number): Bar => ({ on: 'value', atMost: limit });

const percentOf = (what: Happening) => (statistics: CellStatistics) => 100 * statistics.share(what);

const requestsUntil = (what: Happening, p: number) => (statistics: CellStatistics) =>
  statistics.quantile(what, 'requests', p);

const secondsUntil = (what: Happening, p: number) => (statistics: CellStatistics) =>
  statistics.quantile(what, 'second', p);

const requests = (cell: string, what: string, happening: Happening, p: number, limit?: number): Target => ({
  cell,
  what,
  unit: 'canary requests',
  figure: requestsUntil(happening, p),
  ...(limit === undefined ? {} : { bar: atMost(limit) }),
});

/** Every judge's false alarms on identical code for a day. */
const falseAlarms = (cell: Cell): readonly Target[] => [
  {
    cell: cell.id,
    what: `${cell.scenario.name}, 24 h: false retreat`,
    unit: '%',
    figure: percentOf('retreat'),
    bar: atMost(1),
  },
  {
    cell: cell.id,
    what: `${cell.scenario.name}, 24 h: false rollback`,
    unit: '%',
    figure: percentOf('rollback'),
    bar: atMost(0.1),
  },
];

/** Where only latency comes in bursts. */
const PAUSES: readonly Target[] = [
  ['pauses-1pc-sequential-30min', 'instances that pause'],
  ['pauses-every-10-min-1pc-sequential-30min', 'instances that pause every 10 min'],
  ['pauses-every-60-min-1pc-sequential-30min', 'instances that pause every 60 min'],
  ['slow-instances-1pc-sequential-30min', 'instances that are slow for a while'],
].flatMap(([cell = '', name]): Target[] => [
  { cell, what: `${name}, 30 min: false retreat`, unit: '%', figure: percentOf('retreat'), bar: atMost(1) },
  {
    cell,
    what: `${name}, 30 min: false rollback`,
    unit: '%',
    figure: percentOf('rollback'),
    bar: atMost(0.1),
  },
]);

/** Cold starts that are no fall which can be told: retreats are what is left for them. */
const ODD_STARTS: readonly Target[] = [
  ['cold-start-100pc-falling-in-a-line-1pc-sequential-30min', 'cold start +100% that falls in a line'],
  ['cold-start-200pc-for-45-s-1pc-sequential-30min', 'cold start +200% for 45 s'],
].flatMap(([cell = '', name]): Target[] => [
  { cell, what: `${name}, 30 min: false retreat`, unit: '%', figure: percentOf('retreat') },
  {
    cell,
    what: `${name}, 30 min: false rollback`,
    unit: '%',
    figure: percentOf('rollback'),
    bar: atMost(0.1),
  },
]);

/** Slower releases that start cold, at `pace: evidence`. */
const SLOW_AND_COLD: readonly Target[] = [50, 100].map((cold) => ({
  cell: `pace-evidence-p95-20pc-after-a-cold-start-${cold}pc`,
  what: `p95 + 20% after a cold start +${cold}%: comes to 100%`,
  unit: '%',
  figure: percentOf('completed'),
}));

const DAY = 86_400;

const detections: readonly Target[] = [
  requests('errors-x-2-1pc-sequential', 'doubling at 1%: retreat, median', 'retreat', 0.5, 2000),
  requests('errors-x-2-1pc-sequential', 'doubling at 1%: retreat, 90th percentile', 'retreat', 0.9, 4000),
  requests('errors-x-2-1pc-sequential', 'doubling at 1%: rollback, median', 'rollback', 0.5, 2800),
  requests('errors-x-5-0.5pc-sequential', '5x at 0.5%: retreat, median', 'retreat', 0.5, 400),
  requests('errors-x-20-0.1pc-sequential', '20x at 0.1%: retreat, median', 'retreat', 0.5, 250),
  requests('errors-x-5-0.5pc-errors-alone', '5x at 0.5%, without latency: retreat, median', 'retreat', 0.5),
  requests('errors-x-20-0.1pc-errors-alone', '20x at 0.1%, without latency: retreat, median', 'retreat', 0.5),
  requests('errors-x-1.5-1pc-sequential', '1.5x at 1%: retreat, median', 'retreat', 0.5),
  requests('dead-release-20-requests-s-sequential', 'dead release: rollback, median', 'rollback', 0.5, 20),
  {
    cell: 'dead-release-200-requests-s-sequential',
    what: 'dead release at 20 canary requests/s: rollback, median',
    unit: 'ticks',
    figure: secondsUntil('rollback', 0.5),
    bar: atMost(1),
  },
  requests('p95-20pc-sequential', 'p95 + 20%: rollback, median', 'rollback', 0.5, 3000),
  requests('p95-20pc-sequential', 'p95 + 20%: warning, median', 'warning', 0.5, 500),
  {
    cell: 'errors-x-5-0.5pc-after-15-min-sequential',
    what: '5x at 0.5% after 15 healthy minutes: retreat, median',
    unit: 's',
    figure: secondsUntil('retreat', 0.5),
    bar: atMost(40),
  },
];

const certificates: readonly Target[] = [
  requests('certificate-steady-1pc-sequential', 'certificate at 1%, median', 'certificate', 0.5, 1100),
  requests('certificate-steady-1pc-strict', 'strict certificate at 1%, median', 'certificate', 0.5),
  {
    cell: 'certificate-errors-x-2-1pc-sequential',
    what: 'wrong certificate for a doubling at 1%',
    unit: '%',
    figure: percentOf('certificate'),
    bar: atMost(5),
  },
  {
    cell: 'certificate-errors-x-2-1pc-strict',
    what: 'wrong strict certificate for a doubling at 1%',
    unit: '%',
    figure: percentOf('certificate'),
    bar: atMost(1),
  },
];

/** How far the middle of real / predicted lies from 1, and how far off one prediction is. */
const bias = ({ results }: CellStatistics) => 100 * Math.abs(median(results.realOfPredicted) - 1);
const miss = ({ results }: CellStatistics) =>
  100 * median(results.realOfPredicted.map((ratio) => Math.abs(ratio - 1)));

const PACED = 'pace-evidence-steady-1pc';
const pace: readonly Target[] = [
  {
    cell: PACED,
    what: 'good release, pace: evidence: 100% after, 90th percentile',
    unit: 's',
    figure: secondsUntil('completed', 0.9),
    bar: atMost(180),
  },
  {
    cell: 'certificate-steady-1pc-sequential',
    what: 'time to the certificate: median of real / predicted, off 1 by',
    unit: '%',
    figure: bias,
    bar: atMost(25),
  },
  {
    cell: 'certificate-steady-1pc-sequential',
    what: 'time to the certificate: a single prediction is off by, median',
    unit: '%',
    figure: miss,
  },
];

const TARGETS: readonly Target[] = [
  ...detections,
  ...certificates,
  ...pace,
  ...PAUSES,
  ...ODD_STARTS,
  ...SLOW_AND_COLD,
  ...CELLS.filter(({ seconds, healthy }) => healthy && seconds === DAY).flatMap(falseAlarms),
];

/** The bars, from the pieces that there are. One on a cell with fewer runs than it needs is not held against it, nor called met. */
export function measuredTargets(): readonly Measured[] {
  return TARGETS.map(({ cell: id, what, unit, figure, bar }) => {
    const cell = CELLS.find((one) => one.id === id);
    if (cell === undefined) throw new Error(`there is no cell ${id}`);
    const statistics = new CellStatistics(cell);
    const value = figure(statistics);
    if (statistics.complete) return { what, unit, value, ...(bar === undefined ? {} : { bar }) };
    const wanted = bar === undefined ? '' : `, bar <= ${bar.atMost} ${unit}`;
    return { what: `${what} (only ${statistics.runs} of ${cell.runs} runs${wanted})`, unit, value };
  });
}
