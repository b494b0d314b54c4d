import type { SeriesRow, Store } from '../../ports/store.ts';

/** Records looks. What could not be recorded is tried again with the next one: the judge in memory knows it already. */
export class Recorder {
  readonly #store: Pick<Store, 'appendSeries'>;
  #unrecorded: readonly SeriesRow[] = [];

  constructor(store: Pick<Store, 'appendSeries'>) {
    this.#store = store;
  }

  async record(row: SeriesRow): Promise<void> {
    const rows = [...this.#unrecorded, row];
    this.#unrecorded = rows;
    await this.#store.appendSeries(rows);
    this.#unrecorded = this.#unrecorded.slice(rows.length);
  }
}
