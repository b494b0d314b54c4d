import { beginStep, createJudge, observe, tickFromJson, type Judge, type Tick } from '../../judge/index.ts';
import { located, type ReadRecord } from './record.ts';

/** What a judge was given; ticks as JSON that anybody may have written. */
type Given = Pick<ReadRecord, 'settings' | 'started_at' | 'history' | 'steps' | 'ticks'>;

/** Judges a record again, tick by tick, as it was judged at first. */
export class Replay {
  readonly #given: Given;
  readonly #where: string;
  readonly judge: Judge;
  /** Which tick is next, and that tick once it has been read. */
  #place = 0;
  #next: Tick | undefined;
  #steps = 0;

  /** @param where names the record in errors, where it has a name */
  constructor(given: Given, where?: string) {
    this.#given = given;
    this.#where = where === undefined ? '' : `${where}: `;
    try {
      this.judge = createJudge(given.settings, given.started_at, given.history);
    } catch (error) {
      throw located(error, `${this.#where}settings`);
    }
  }

  /** Goes on to the next tick. @returns undefined behind the last @throws SpillwayError for a tick that cannot be */
  next(): Tick | undefined {
    const tick = this.#peek();
    if (tick === undefined) return undefined;
    this.#begin(tick.at);
    this.#located(() => observe(this.judge, tick));
    this.#next = undefined;
    this.#place++;
    return tick;
  }

  /** Goes on to the last tick that ends at `at` or before; null: to none. */
  until(at: number | null): void {
    while (at !== null && (this.#peek()?.at ?? Infinity) <= at) this.next();
  }

  #peek(): Tick | undefined {
    const { ticks } = this.#given;
    if (this.#place >= ticks.length) return undefined;
    return (this.#next ??= this.#located(() => tickFromJson(ticks[this.#place])));
  }

  #begin(until: number): void {
    for (let at = this.#given.steps[this.#steps]; at !== undefined && at <= until;) {
      beginStep(this.judge, at);
      this.#steps++;
      at = this.#given.steps[this.#steps];
    }
  }

  #located<Result>(attempt: () => Result): Result {
    try {
      return attempt();
    } catch (error) {
      throw located(error, `${this.#where}ticks.${this.#place}`);
    }
  }
}
