import type { Store, StoredEvent } from '../ports/store.ts';

const PAGE = 500;

/** Tells followers that there is something new to read; what it is they read from the store, so that none is missed. */
export class Feed {
  readonly #store: Pick<Store, 'events'>;
  readonly #waiting = new Set<() => void>();

  constructor(store: Pick<Store, 'events'>) {
    this.#store = store;
  }

  /** After every append. */
  published(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Events with a sequence above `after`, in order and without gaps, until `signal` is aborted. */
  async *follow(after: number, signal: AbortSignal): AsyncIterable<StoredEvent> {
    let last = after;
    while (!signal.aborted) {
      // Listen before reading: what becomes durable in between is read next time.
      const news = this.#next(signal);
      const page = await this.#store.events({ after: last, limit: PAGE });
      for (const event of page) {
        if (signal.aborted) return;
        yield event;
        last = event.sequence;
      }
      if (page.length === 0) await news.arrived;
      news.forget();
    }
  }

  #next(signal: AbortSignal) {
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    const forget = () => {
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', wake);
    };
    if (signal.aborted) wake();
    return { arrived, forget };
  }
}
