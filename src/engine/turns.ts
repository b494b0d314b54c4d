/** Work that takes turns: within one name one after the other, in the order asked; names do not wait for each other. */
export class Turns {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` when everything asked before under this name has ended, however it ended. */
  take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const mine = before.then(work);
    const tail = mine.catch(() => undefined);
    this.#tails.set(name, tail);
    void tail.then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    return mine;
  }
}
