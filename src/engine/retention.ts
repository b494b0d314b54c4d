import { messageOf } from '../core/errors.ts';
import { days, hours, milliseconds, minutes, type Duration, type Instant } from '../core/time.ts';
import type { PruneBefore, PruneCounts } from '../ports/store.ts';
import type { World } from './world.ts';

/** For how long what may go is kept, where people may say so. */
export interface Keep {
  /** Looks at a deployment, from its end on: without them its judge cannot be played again. */
  readonly series: Duration;
  /** What was sent in, word for word. */
  readonly payloads: Duration;
}

export const DEFAULT_KEEP: Keep = { series: days(30), payloads: days(7) };

const KEEP_DELIVERIES = days(30);
/** Whoever sends the same again within that time is recognised. */
const KEEP_INBOX = days(400);
/**
 * A key that is used again would queue its task a second time. None is: those of a deployment are made by decisions about it,
 * and none is made after its end; those of what came in are found in the inbox first, which is kept for longer; those
 * of messages name a version of their lane, which is written once.
 */
const KEEP_KEYS = days(7);

const EVERY = hours(1);
/** The start has more urgent things to do. */
const FIRST_AFTER = minutes(1);
/** So many of each kind in one commit, and then others get their turn. */
const PORTION = 500;
const PAUSE = milliseconds(100);

/** One replica does it. */
const NAME = 'retention';

/** Removes what need not be kept for ever. It is no decision, so it is told in the log and in the health, and not recorded. */
export class Retention {
  readonly #world: Pick<World, 'store' | 'system' | 'log'>;
  readonly #keep: Keep;
  readonly #stopping = new AbortController();
  /** Since the start. */
  #removed: PruneCounts = NOTHING;
  #trouble: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(world: Pick<World, 'store' | 'system' | 'log' | 'keep'>) {
    this.#world = world;
    this.#keep = world.keep ?? DEFAULT_KEEP;
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  status(): { readonly removed: string; readonly trouble: string | undefined } {
    return { removed: inWords(this.#removed), trouble: this.#trouble };
  }

  async #work(): Promise<void> {
    const { system, log } = this.#world;
    const { signal } = this.#stopping;
    await system.sleep(FIRST_AFTER, signal);
    while (!signal.aborted) {
      try {
        await this.#round();
        this.#trouble = undefined;
      } catch (error) {
        this.#trouble = messageOf(error);
        log.error({ err: error }, 'what is old could not be removed');
      }
      await system.sleep(EVERY, signal);
    }
  }

  async #round(): Promise<void> {
    const { store, system, log } = this.#world;
    const [hold] = await store.hold([NAME]);
    if (hold === undefined) return;
    const before = limitsOf(this.#keep, system.now());
    let round = NOTHING;
    let rest = true;
    while (rest && !this.#stopping.signal.aborted && !hold.lost.aborted) {
      const portion = await store.prune(before, PORTION);
      round = sum(round, portion);
      this.#removed = sum(this.#removed, portion);
      rest = Object.values(portion).includes(PORTION);
      if (rest) await system.sleep(PAUSE, this.#stopping.signal);
    }
    if (Object.values(round).some((count) => count > 0)) log.info({ removed: round }, 'removed what was old');
  }
}

const NOTHING: PruneCounts = { series: 0, deliveries: 0, payloads: 0, inbox: 0, tasks: 0 };

/** Up to when each kind goes, at `now`. */
function limitsOf({ series, payloads }: Keep, now: Instant): PruneBefore {
  const ago = (length: number) => (now - length) as Instant;
  return {
    series: ago(series),
    deliveries: ago(KEEP_DELIVERIES),
    payloads: ago(payloads),
    inbox: ago(Math.max(KEEP_INBOX, payloads)),
    tasks: ago(KEEP_KEYS),
  };
}

const sum = (a: PruneCounts, b: PruneCounts): PruneCounts => ({
  series: a.series + b.series,
  deliveries: a.deliveries + b.deliveries,
  payloads: a.payloads + b.payloads,
  inbox: a.inbox + b.inbox,
  tasks: a.tasks + b.tasks,
});

const WORDS: Readonly<Record<keyof PruneCounts, string>> = {
  series: 'looks',
  deliveries: 'receipts',
  payloads: 'payloads',
  inbox: 'delivery ids',
  tasks: 'keys of tasks',
};

function inWords(counts: PruneCounts): string {
  const said = Object.entries(WORDS).flatMap(([kind, word]) => {
    const count = counts[kind as keyof PruneCounts];
    return count > 0 ? [`${count} ${word}`] : [];
  });
  return said.length === 0 ? 'nothing was old' : `removed since the start: ${said.join(', ')}`;
}
