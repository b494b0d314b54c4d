import type { AppendResult, Store } from '../../../src/ports/store.ts';

/** One write of the store at which the server is to die. */
export interface CrashPoint {
  /** Counted from the order on, from 1. */
  readonly transition: number;
  /** `before`: the effect was performed, its outcome is not written. `after`: it is, and what follows has not begun. */
  readonly side: 'before' | 'after';
}

/** The first write of an event of this type. */
export interface NamedPoint {
  readonly writes: string;
  readonly side: CrashPoint['side'];
}

/** What the store did, with its time in epoch milliseconds; every line is in the file before the next thing happens. */
export type Act = { readonly at: number } & (
  | { readonly kind: 'armed' }
  /** A transition that is about to be written: an event taken in, a decision, the answer to an event. */
  | { readonly kind: 'begun'; readonly transition: number; readonly name: string }
  | { readonly kind: 'durable'; readonly transition: number; readonly events: readonly Acknowledged[] }
  /** A task was claimed (null: one of no deployment), or a look at one written. */
  | { readonly kind: 'claimed' | 'looked'; readonly deployment: string | null }
);

/** An event that the store has said is durable. */
export interface Acknowledged {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly deployment: string | null;
}

/** A store that counts its transitions and ends its own process at one of them. */
export class Tripwire {
  readonly #write: (act: Act) => void;
  readonly #end: () => void;
  #transitions = 0;
  #point: CrashPoint | NamedPoint | undefined;

  /** @param end ends this process on the spot, as `kill -9` does */
  constructor(write: (act: Act) => void, end: () => void) {
    this.#write = write;
    this.#end = end;
  }

  /** Counts anew from here on. @param point null: only count */
  arm(point: CrashPoint | NamedPoint | null): void {
    this.#transitions = 0;
    this.#point = point ?? undefined;
    this.#write({ at: Date.now(), kind: 'armed' });
  }

  around(store: Store): Store {
    return {
      ...store,
      append: (append) =>
        this.#transition(append.events.map(({ type }) => type).join(' '), () => store.append(append)),
      receive: (item) => this.#transition('event received', () => store.receive(item)),
      record: (events, tasks, completes) => {
        const record = () => store.record(events, tasks, completes);
        if (completes === null) return record();
        return this.#transition(events.map(({ type }) => type).join(' '), record);
      },
      claim: async (...asked) => {
        const claimed = await store.claim(...asked);
        for (const { deployment } of claimed) this.#write({ at: Date.now(), kind: 'claimed', deployment });
        return claimed;
      },
      appendSeries: async (rows) => {
        await store.appendSeries(rows);
        for (const { deployment } of rows) this.#write({ at: Date.now(), kind: 'looked', deployment });
      },
    };
  }

  async #transition<Result extends object>(name: string, write: () => Promise<Result>): Promise<Result> {
    const transition = (this.#transitions += 1);
    this.#write({ at: Date.now(), kind: 'begun', transition, name });
    await this.#trip(transition, name, 'before');
    const result = await write();
    this.#write({ at: Date.now(), kind: 'durable', transition, events: acknowledged(result) });
    await this.#trip(transition, name, 'after');
    return result;
  }

  /** Never returns where the process is to die. */
  async #trip(transition: number, name: string, side: CrashPoint['side']): Promise<void> {
    const point = this.#point;
    if (point?.side !== side) return;
    if ('writes' in point ? !name.split(' ').includes(point.writes) : point.transition !== transition) return;
    this.#end();
    await new Promise(() => {});
  }
}

function acknowledged(result: object): readonly Acknowledged[] {
  const { events = [] } = result as Partial<Extract<AppendResult, { readonly ok: true }>>;
  return events.map(({ sequence, id, deployment, event: { type } }) => ({ sequence, id, type, deployment }));
}
