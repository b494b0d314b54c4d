import { isAway } from '../src/cli/feed.ts';
import type { Client } from '../src/cli/client.ts';
import type { LaneEvent, LaneEventType } from '../src/core/events.ts';
import type { DeploymentId } from '../src/core/ids.ts';
import type { StoredEvent } from '../src/ports/store.ts';
import { isLaneEvent } from '../src/views/sentence.ts';

const LOOK_EVERY_MS = 100;
const PAGE = 1000;

type Of<Type extends LaneEventType, Event = LaneEvent> = Event extends { readonly type: infer Own }
  ? Type extends Own
    ? Event
    : never
  : never;

/** What Spillway has recorded, read over its socket as it happens; it reads on where it was when the server comes back. */
export class Journal {
  readonly events: StoredEvent[] = [];
  readonly #client: Client;
  readonly #told: (event: StoredEvent) => void;
  #stopped = false;

  /** @param told called with every new event, in order */
  constructor(client: Client, told: (event: StoredEvent) => void) {
    this.#client = client;
    this.#told = told;
    void this.#read();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Events of one deployment, oldest first. */
  of(deployment: DeploymentId): readonly LaneEvent[] {
    return this.stored(deployment).flatMap(({ event }) => (isLaneEvent(event) ? [event] : []));
  }

  stored(deployment: DeploymentId): readonly StoredEvent[] {
    return this.events.filter((stored) => stored.deployment === deployment);
  }

  /** The newest event of a type of a deployment. */
  last<Type extends LaneEventType>(deployment: DeploymentId, type: Type): Of<Type> | undefined {
    return this.of(deployment).findLast((event) => event.type === type) as Of<Type> | undefined;
  }

  /** Waits until `find` finds something. @throws when that takes longer than `limitMs`, naming `what` was waited for */
  async until<Found>(what: string, limitMs: number, find: () => Found | undefined): Promise<Found> {
    const over = performance.now() + limitMs;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (performance.now() > over)
        throw new Error(`waited ${Math.round(limitMs / 1000)} s for ${what}, in vain`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS / 2));
    }
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      const after = this.events.at(-1)?.sequence ?? 0;
      const page = await this.#client
        .get<{ readonly items: readonly StoredEvent[] }>('/api/v1/events', { after, limit: PAGE })
        .catch(absent);
      for (const event of page?.items ?? []) {
        this.events.push(event);
        this.#told(event);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}

function absent(error: unknown): undefined {
  if (!isAway(error)) throw error;
}
