import type { Cell } from './cells.ts';
import type { Happening } from './outcome.ts';
import { resultsOf, type Results } from './pieces.ts';

/** How often a thing happened in the runs of a cell, and when. */
export class CellStatistics {
  readonly cell: Cell;
  readonly results: Results;

  constructor(cell: Cell) {
    this.cell = cell;
    this.results = resultsOf(cell);
  }

  get runs(): number {
    return this.results.runs;
  }

  /** Whether there are as many runs as the cell's claim needs. */
  get complete(): boolean {
    return this.runs >= this.cell.runs;
  }

  /** Part of the runs in which it happened. */
  share(what: Happening): number {
    return this.results.moments[what].length / this.runs;
  }

  /**
   * Over all runs, those without it counted as infinitely late.
   * @param p 0 to 1
   * @returns Infinity where it did not happen in so many of the runs
   */
  quantile(what: Happening, of: 'second' | 'requests', p: number): number {
    const sorted = this.results.moments[what].map((moment) => moment[of]).toSorted((a, b) => a - b);
    return this.runs === 0 ? Number.NaN : (sorted[Math.ceil(p * this.runs) - 1] ?? Infinity);
  }
}
