import { beginStep, createJudge, observe, type Judge, type Tick } from '../../judge/index.ts';
import { located, type ReadRecord } from './record.ts';

/** What a judge was given. */
type Given = Pick<ReadRecord, 'settings' | 'started_at' | 'history' | 'steps' | 'ticks'>;

/** Judges a record again, tick by tick, as it was judged at first. */
export class Replay {
  readonly #record: Given;
  readonly #where: string;
  readonly judge: Judge;
  #ticks = 0;
  #steps = 0;

  /** @param where names the record in errors, where it has a name */
  constructor(record: Given, where?: string) {
    this.#record = record;
    this.#where = where === undefined ? '' : `${where}: `;
    try {
      this.judge = createJudge(record.settings, record.started_at, record.history);
    } catch (error) {
      throw located(error, `${this.#where}settings`);
    }
  }

  /** Goes on to the next tick. @returns undefined behind the last @throws SpillwayError for a tick that cannot be */
  next(): Tick | undefined {
    const tick = this.#record.ticks[this.#ticks];
    if (tick === undefined) return undefined;
    this.#begin(tick.at);
    try {
      observe(this.judge, tick);
    } catch (error) {
      throw located(error, `${this.#where}ticks.${this.#ticks}`);
    }
    this.#ticks++;
    return tick;
  }

  /** Goes on to the last tick that ends at `at` or before; null: to none. */
  until(at: number | null): void {
    while (at !== null && (this.#record.ticks[this.#ticks]?.at ?? Infinity) <= at) this.next();
  }

  #begin(until: number): void {
    for (let at = this.#record.steps[this.#steps]; at !== undefined && at <= until;) {
      beginStep(this.judge, at);
      this.#steps++;
      at = this.#record.steps[this.#steps];
    }
  }
}
