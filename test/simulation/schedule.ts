import type { Random } from './random.ts';

interface Entry {
  readonly at: number;
  /** Of those that are due at the same time, the smaller goes first: their order is drawn. */
  readonly tie: number;
  action: (() => void) | null;
}

/** Virtual time: what is due happens in order of time, and everything that follows from it before the next. */
export class Schedule {
  readonly #random: Random;
  readonly #heap: Entry[] = [];
  #now = 0;
  #happened = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds since the simulation began; whole. */
  get now(): number {
    return this.#now;
  }

  /** How much has happened so far. */
  get happened(): number {
    return this.#happened;
  }

  /** @returns how to call it off */
  after(wait: number, action: () => void): () => void {
    const at = this.#now + Math.max(0, Math.ceil(wait));
    const entry: Entry = { at, tie: this.#random.next(), action };
    push(this.#heap, entry);
    return () => {
      entry.action = null;
    };
  }

  sleep(wait: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.after(wait, resolve);
    return promise;
  }

  /** Lets time go on until `end`, or until `over` says so after something has happened. */
  async run(end: number, over: () => boolean = () => false): Promise<void> {
    await drained();
    while (!over()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      pop(this.#heap);
      const { action } = next;
      if (action === null) continue;
      this.#now = next.at;
      this.#happened += 1;
      action();
      await drained();
    }
    if (!over()) this.#now = Math.max(this.#now, end);
  }
}

/** All promises that can settle without time passing have settled: the queue of microtasks runs empty before this does. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.tie < b.tie);

function push(heap: Entry[], entry: Entry): void {
  let place = heap.length;
  heap.push(entry);
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(entry, above)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = entry;
}

/** Takes the first out. */
function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    const left = 2 * place + 1;
    const [a, b] = [heap[left], heap[left + 1]];
    if (a === undefined) break;
    const child = b !== undefined && isBefore(b, a) ? left + 1 : left;
    const smaller = child === left ? a : b;
    if (smaller === undefined || !isBefore(smaller, last)) break;
    heap[place] = smaller;
    place = child;
  }
  heap[place] = last;
}
