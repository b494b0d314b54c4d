import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { SpillwayError } from '../../../src/core/errors.ts';
import { deploymentId, routeOf } from '../../../src/core/ids.ts';
import { instant } from '../../../src/core/time.ts';
import type { Store, StoredEvent } from '../../../src/ports/store.ts';
import { rootOfEntries } from '../../support/memory-store.ts';
import { aTask, anAppend, laneNamed, resumed } from '../../support/store-samples.ts';

const MOST = 1e6;
/** Appends between two troubles. */
const IN_PEACE = 30;

/** Asks until the store is there again. Only `unavailable` is a reason to ask again. */
export async function eventually<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      assert.ok(error instanceof SpillwayError && error.code === 'unavailable', String(error));
      assert.ok(tries < 100, 'it did not come back');
      await wait(20);
    }
  }
}

/** Reads the events as they come, page by page, as the engine's feed does. */
export function follow(store: Store): { readonly end: () => Promise<readonly StoredEvent[]> } {
  const seen: StoredEvent[] = [];
  let ending = false;
  const read = async () => {
    for (;;) {
      const last = ending;
      const page = await eventually(() => store.events({ after: seen.at(-1)?.sequence ?? 0, limit: 20 }));
      seen.push(...page);
      if (last && page.length === 0) return seen;
      if (page.length === 0) await wait(2);
    }
  };
  const done = read();
  return {
    end: () => {
      ending = true;
      return done;
    },
  };
}

/**
 * Callers on several stores of one database, on lanes of their own and on shared ones, who remember what they were told:
 * each append has two events and a task that bear its name.
 */
export class Model {
  readonly #stores: readonly Store[];
  readonly #acknowledged: StoredEvent[] = [];
  /** Names of appends of which nobody knows. */
  readonly #unknown = new Set<string>();
  #conflicts = 0;
  #ending = false;

  constructor(stores: readonly Store[]) {
    this.#stores = stores;
  }

  /** Appends while trouble is made so many times, with some peace before each and after the last. */
  async run(times: number, makeTrouble: () => Promise<void>): Promise<void> {
    const callers = this.#stores.flatMap((store, n) =>
      ['shared', 'other', `own-${n}`, `mine-${n}`].map((lane, place) =>
        this.#call(store, lane, `${n}-${place}`),
      ),
    );
    const peace = async () => {
      const before = this.#acknowledged.length;
      while (this.#acknowledged.length < before + 2 * IN_PEACE) await wait(5);
    };
    for (let n = 0; n < times; n += 1) {
      await peace();
      await makeTrouble();
    }
    await peace();
    this.#ending = true;
    await Promise.all(callers);
  }

  async #call(store: Store, application: string, caller: string): Promise<void> {
    const lane = laneNamed(application);
    for (let n = 0; !this.#ending; n += 1) {
      const { version } = await eventually(() => store.loadLane(lane));
      const name = `${caller}-${n}`;
      try {
        const result = await store.append(
          anAppend({
            lane,
            expectedVersion: version,
            events: [resumed(name, 1), resumed(name, 2)],
            tasks: [aTask(name, { deployment: deploymentId(name) })],
          }),
        );
        if (result.ok) this.#acknowledged.push(...result.events);
        else this.#conflicts += 1;
      } catch (error) {
        assert.ok(error instanceof SpillwayError && error.code === 'unavailable', String(error));
        this.#unknown.add(name);
      }
    }
  }

  /** @param followed what a reader saw while it happened */
  async verify(followed: readonly StoredEvent[]): Promise<void> {
    const [store] = this.#stores;
    assert.ok(store && this.#conflicts > 0);
    const kept = await eventually(() => store.events({ limit: MOST }));
    assert.deepEqual(followed, kept, 'a reader saw everything, in order');
    assert.deepEqual(
      kept.map(({ sequence }) => sequence),
      kept.map((_, index) => index + 1),
    );
    const byId = new Map(kept.map((event) => [event.id, event]));
    for (const event of this.#acknowledged) assert.deepEqual(byId.get(event.id), event);
    assert.equal(byId.size, kept.length);

    const names = kept.map(({ deployment }) => String(deployment));
    const told = new Set(this.#acknowledged.map(({ deployment }) => String(deployment)));
    for (const name of names) assert.ok(told.has(name) || this.#unknown.has(name), `${name} was refused`);
    for (const name of new Set(names)) assert.equal(names.filter((one) => one === name).length, 2, name);

    for (const lane of await store.lanes()) {
      const ofLane = kept.filter((event) => event.lane && routeOf(event.lane) === routeOf(lane));
      assert.equal((await store.loadLane(lane)).version, ofLane.length / 2);
    }
    const tasks = await eventually(() => store.claim(instant(0), MOST));
    assert.deepEqual(tasks.map(({ key }) => key).toSorted(), [...new Set(names)].toSorted());
    const { size, root } = await store.sequenceAudit();
    const entries = await store.auditEntries(0, MOST);
    assert.equal(size, kept.length);
    assert.deepEqual(
      entries.map(({ entry }) => entry['event_id']),
      kept.map(({ id }) => id),
    );
    assert.equal(root, rootOfEntries(entries));
  }
}
