import { rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MEGABYTE = 1024 * 1024;
/** Enough for dozens of rollbacks, with what the proxy and the instances write then. */
const RESERVE_BYTES = 8 * MEGABYTE;
/** Below this the reserve is given up, before anything has failed. */
const LOW_BYTES = 2 * MEGABYTE;
/** Room for the reserve and for some work: it would else come and go. */
const ENOUGH_BYTES = RESERVE_BYTES + 4 * LOW_BYTES;
/** A disk that is smaller has no room to spare for one. */
const SMALLEST_DISK_BYTES = 64 * MEGABYTE;
const LOOK_EVERY_MS = 500;

/**
 * Room on the disk that is kept for what must not fail when it is full: a file of zeros, which is removed when room is short and made
 * again when there is enough. From its removal on only rollbacks are written (see `sparing`).
 */
export class Reserve {
  readonly #dir: string;
  readonly #path: string;
  readonly #kept: boolean;
  #spent = false;
  #lookedAt = -Infinity;

  constructor(dir: string) {
    this.#dir = dir;
    this.#path = join(dir, 'reserve');
    const { blocks, bsize } = statfsSync(dir);
    this.#kept = blocks * bsize >= SMALLEST_DISK_BYTES;
    if (this.#kept && sizeOf(this.#path) < RESERVE_BYTES) this.#spent = true;
    this.look();
  }

  /** Room is short, and the reserve is given up. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Gives it up when room is short, and makes it again when there is enough; looks at most twice a second. */
  look(): void {
    const now = performance.now();
    if (!this.#kept || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    const room = roomIn(this.#dir);
    if (room === undefined) return;
    if (this.#spent && room >= ENOUGH_BYTES) this.#make();
    else if (!this.#spent && room < LOW_BYTES) this.spend();
  }

  /** There is no room any more. */
  spend(): void {
    if (!this.#kept) return;
    this.#spent = true;
    rmSync(this.#path, { force: true });
  }

  #make(): void {
    try {
      writeFileSync(this.#path, Buffer.alloc(RESERVE_BYTES), { mode: 0o600 });
      this.#spent = false;
    } catch {
      this.spend(); // somebody else was faster
    }
  }
}

/** Bytes; undefined when it cannot be told: the calls themselves will say what is wrong. */
function roomIn(dir: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
