import type { Random } from './random.ts';

/** Everything that can go wrong, with the share of the occasions at which it does in a story that has it. */
const RATES = {
  /** The process ends at a call: before anybody has heard of it, or before it hears the answer. */
  'crash at a call': 0.004,
  /** The same, of calls to another process: what it has sent may arrive when its successor is at work. */
  'crash while sending': 0.03,
  /** A call answers late. */
  slow: 0.03,
  /** A driver says no and has done nothing. */
  refused: 0.03,
  /** A driver has done it, and its answer is lost. */
  'answer lost': 0.03,
  /** What was asked once arrives twice, the second time after a while. */
  'arrives twice': 0.06,
  /** A traffic provider says yes and has done nothing. */
  ignored: 0.05,
  /** What is observed is what was true a moment ago. */
  stale: 0.04,
  /** The disk takes no writes. */
  'disk full': 0.01,
  /** A message reaches nobody. */
  undelivered: 0.2,
  /** A webhook comes again, or a later one before it. */
  'webhook twice': 0.3,
} as const;

export type FaultKind = keyof typeof RATES;

/** What happens by itself, at most so often in a story. */
const EVENTS = {
  crash: 4,
  'stop and start': 1,
  'clock back': 2,
  'clock forward': 2,
  'provider restart': 1,
  'instance ends': 2,
  'host restart': 1,
  'disk full for a while': 1,
  'cut off from the store': 2,
} as const;

export type EventKind = keyof typeof EVENTS;

/**
 * The faults of one story. Each story has some kinds and not others, so that none hides behind the rest; `end` ends
 * them all.
 */
export class Faults {
  readonly #random: Random;
  readonly #rates = new Map<FaultKind, number>();
  readonly #counts = new Map<FaultKind | EventKind, number>();
  #on = true;

  constructor(random: Random) {
    this.#random = random;
    // A story in five goes without any fault in its calls.
    const share = random.chance(0.2) ? 0 : random.pick([0.3, 0.5, 0.8]);
    for (const kind of Object.keys(RATES) as FaultKind[])
      if (random.chance(share)) this.#rates.set(kind, RATES[kind] * random.pick([0.3, 1, 2]));
  }

  /** Whether a fault happens now; it is counted. */
  strikes(kind: FaultKind): boolean {
    const rate = this.#rates.get(kind);
    if (rate === undefined || !this.#on || !this.#random.chance(rate)) return false;
    this.count(kind);
    return true;
  }

  count(kind: FaultKind | EventKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  /** The events of this story, in no order. */
  events(): readonly EventKind[] {
    return (Object.keys(EVENTS) as EventKind[]).flatMap((kind) => {
      const count = this.#random.chance(0.5) ? this.#random.between(0, EVENTS[kind]) : 0;
      return Array.from({ length: count }, () => kind);
    });
  }

  get on(): boolean {
    return this.#on;
  }

  end(): void {
    this.#on = false;
  }

  get counts(): ReadonlyMap<FaultKind | EventKind, number> {
    return this.#counts;
  }
}
