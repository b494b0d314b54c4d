import { BUCKETS } from '../judge/histogram.ts';
import { BloomFilter } from './bloom.ts';
import { MarkTable } from './mark-table.ts';

/** Up to here every visitor is remembered exactly, in at most 25 MB. */
const EXACT_VISITORS = 1_000_000;
/** They are spread over so many tables: one that grows keeps requests waiting for a millisecond, and not for a tenth of a second. */
const TABLES = 64;
/** Bits of a hash that say which; its lowest ones say where in the table. */
const TABLE_BITS_FROM = 21;
/** A visitor's marks are the bits of a positive 32-bit integer. */
const MARKS = 31;

/** The mark of a visitor that has met an error. */
export const FAILED = 1;
/** In place of a bucket, for the error's mark. */
const NO_BUCKET = -1;

/**
 * For what each visitor of a rollout was counted already: an error, and an answer as slow as a bucket, once for each bucket that is
 * watched. Visitors are given by their hash; those that come when there are too many to remember exactly go into a Bloom filter.
 */
export class Visitors {
  readonly #limit: number;
  readonly #tables = Array.from({ length: TABLES }, () => new MarkTable());
  #size = 0;
  #beyond: BloomFilter | undefined;
  #full = false;
  /** What each mark stands for, oldest first. */
  readonly #meaning: number[] = [NO_BUCKET];
  #watched: readonly number[] = [];
  /** By an answer's bucket: the marks of the watched buckets up to it. */
  readonly #slowMarks = new Uint32Array(BUCKETS);

  constructor(limit: number = EXACT_VISITORS) {
    this.#limit = limit;
  }

  /** Buckets in which an answer, or in a higher one, is counted once for each visitor. */
  get watched(): readonly number[] {
    return this.#watched;
  }

  /** How many visitors are remembered exactly. */
  get size(): number {
    return this.#size;
  }

  /** Whether there are more visitors than are remembered exactly: a few new ones are then taken for known, and not counted. */
  get approximate(): boolean {
    return this.#full;
  }

  /** Watches these buckets from now on. One that was watched before goes on where it was. */
  watch(buckets: readonly number[]): void {
    this.#watched = buckets;
    const marks = buckets.map((bucket) => ({ bucket, mark: this.#markOf(bucket) }));
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      this.#slowMarks[bucket] = marks.reduce((sum, one) => (one.bucket <= bucket ? sum | one.mark : sum), 0);
  }

  /** The marks that an answer in this bucket gives; 0 for a fast one. */
  slowMarks(bucket: number): number {
    return this.#slowMarks[bucket] ?? 0;
  }

  /** The watched buckets that marks stand for. */
  bucketsOf(marks: number): readonly number[] {
    return this.#watched.filter((bucket) => (this.#markOf(bucket) & marks) !== 0);
  }

  /**
   * Gives a visitor marks.
   * @param mayReturn whether the visitor has shown the id; one that never will again is not worth remembering for ever
   * @returns those of the marks that are new
   */
  note(visitor: number, marks: number, mayReturn: boolean): number {
    const table = this.#tables[(visitor >>> TABLE_BITS_FROM) % TABLES];
    if (table === undefined) return 0;
    const held = table.marksOf(visitor);
    if (held === undefined) {
      if (this.#size >= this.#limit)
        return mayReturn ? this.#noteBeyond(visitor, marks) : this.#overflow(marks);
      this.#size++;
    }
    const news = marks & ~(held ?? 0);
    if (news !== 0) table.set(visitor, (held ?? 0) | marks);
    return news;
  }

  #overflow(marks: number): number {
    this.#full = true;
    return marks;
  }

  #noteBeyond(visitor: number, marks: number): number {
    this.#full = true;
    this.#beyond ??= new BloomFilter();
    let news = 0;
    for (const [index, meaning] of this.#meaning.entries()) {
      const mark = 1 << index;
      if ((marks & mark) !== 0 && this.#beyond.add(visitor, meaning)) news |= mark;
    }
    return news;
  }

  /** The mark of a bucket: its own, a free one, or that of a bucket which is no longer watched. */
  #markOf(bucket: number): number {
    const known = this.#meaning.indexOf(bucket);
    if (known >= 0) return 1 << known;
    if (this.#meaning.length < MARKS) return 1 << (this.#meaning.push(bucket) - 1);
    const idle = this.#meaning.findIndex((one) => one !== NO_BUCKET && !this.#watched.includes(one));
    this.#meaning[idle] = bucket;
    const mark = 1 << idle;
    for (const table of this.#tables) table.clear(mark);
    return mark;
  }
}
