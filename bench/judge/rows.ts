import type { Cell } from './cells.ts';
import type { Happening } from './outcome.ts';
import type { CellStatistics } from './statistics.ts';

/** A line of `judge-characteristics.json`. null = not asked of this cell, or it did not happen in that part of the runs. */
export interface CharacteristicsRow {
  readonly scenario: string;
  readonly judge: string;
  /** Part of the healthy rollouts. */
  readonly false_rollback: number | null;
  /** Canary requests, from the onset of the regression. */
  readonly detect_median_requests: number | null;
  readonly detect_p90_requests: number | null;
  readonly detect_median_s: number | null;
  readonly n: number;
}

/** The two answers of a judge in two stages stand in a line each; peers have one. */
const STAGES: ReadonlyArray<{ readonly what: Happening; readonly name: string }> = [
  { what: 'retreat', name: ': first response' },
  { what: 'rollback', name: ': rollback' },
];

export const rowsOf = (statistics: CellStatistics): readonly CharacteristicsRow[] =>
  stagesOf(statistics.cell).map(({ what, name }) => rowOf(statistics, what, name));

function stagesOf({ settings, until }: Cell) {
  if (until !== undefined) return [{ what: until, name: `: ${until}` }];
  return settings.rule === 'sequential' ? STAGES : [{ what: 'rollback' as const, name: '' }];
}

function rowOf(statistics: CellStatistics, what: Happening, name: string): CharacteristicsRow {
  const { cell, runs } = statistics;
  const detection = (of: 'second' | 'requests', p: number) => {
    const value = statistics.quantile(what, of, p);
    return Number.isFinite(value) && !falseAlarm ? value : null;
  };
  const falseAlarm = cell.healthy && cell.until === undefined;
  return {
    scenario: `${cell.scenario.name}, ${spanOf(cell)}`,
    judge: `${cell.judge}${name}`,
    false_rollback: falseAlarm ? statistics.share(what) : null,
    detect_median_requests: detection('requests', 0.5),
    detect_p90_requests: detection('requests', 0.9),
    detect_median_s: detection('second', 0.5),
    n: runs,
  };
}

const spanOf = ({ seconds }: Cell) => (seconds >= 86_400 ? '24 h' : `${seconds / 60} min`);
