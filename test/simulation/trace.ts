/** So many of the last lines are kept for whoever reads of a failure. */
const KEPT = 3000;

/** What happened, line by line. The hash covers every line, also those that are not kept. */
export class Trace {
  readonly #now: () => number;
  readonly #lines: string[] = [];
  #hash = 0x811c9dc5;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param who a replica, `world` or `user` */
  add(who: string, what: string): void {
    const line = `${clock(this.#now())} ${who.padEnd(6)} ${what}`;
    for (let i = 0; i < line.length; i++)
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193) >>> 0;
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > 2 * KEPT) this.#lines.splice(0, KEPT);
  }

  get count(): number {
    return this.#count;
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-Math.min(count, KEPT));
  }
}

/** `01:02:03.004` since the simulation began. */
function clock(ms: number): string {
  const two = (n: number) => String(Math.floor(n) % 60).padStart(2, '0');
  const hours = String(Math.floor(ms / 3_600_000)).padStart(2, '0');
  return `${hours}:${two(ms / 60_000)}:${two(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`;
}
