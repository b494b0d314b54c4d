import type { Client } from 'pg';
import { milliseconds } from '../../core/time.ts';
import type { News } from '../../ports/store.ts';
import type { System } from '../../ports/system.ts';
import { CHANNEL } from './names.ts';

/** NOTIFY takes a lock that is one for the whole server until its commit: so it has a commit of its own, now and then. */
const TELL_EVERY_MS = 10;
/** What is told is nothing that a crash could take from anybody: the commit need not wait for the disk. */
const TELL = `SELECT pg_notify('${CHANNEL}', $1) FROM set_config('synchronous_commit', 'off', true)`;

/** How far things have come, as counted in the database. */
interface Progress {
  readonly events: number;
  readonly tasks: number;
}

/** Brings news from replica to replica: at once by NOTIFY, and by looking at the counters where a message got lost. */
export class Herald {
  readonly #system: System;
  readonly #listeners = new Set<(what: News) => void>();
  #client: Client | undefined;
  #seen: Progress | undefined;
  readonly #untold = new Set<News>();
  #resting = false;
  #callOffRest: () => void = () => {};

  constructor(system: System) {
    this.#system = system;
  }

  onNews(listener: (what: News) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Speaks and listens on a connection from now on. */
  async serve(client: Client): Promise<void> {
    const { rows } = await client.query<{ own: number }>('SELECT pg_backend_pid() AS own');
    client.on('notification', ({ processId, payload = '' }) => {
      if (processId === rows[0]?.own) return;
      for (const what of ['tasks', 'events'] as const) if (payload.includes(what)) this.#publish(what);
    });
    await client.query(`LISTEN ${CHANNEL}`);
    this.#client = client;
    this.#seen = undefined;
  }

  /** At once, or when the pause after the last time is over: then all that has come up in between together. */
  tell(news: readonly News[]): void {
    for (const what of news) this.#untold.add(what);
    if (!this.#resting && this.#untold.size > 0) this.#tellAll();
  }

  /** What is seen first on a connection is news: nobody knows what has happened before it. */
  found(now: Progress): void {
    const before = this.#seen;
    this.#seen = now;
    if (!before || now.tasks > before.tasks) this.#publish('tasks');
    if (!before || now.events > before.events) this.#publish('events');
  }

  close(): void {
    this.#callOffRest();
    this.#listeners.clear();
  }

  #tellAll(): void {
    const payload = [...this.#untold].join(' ');
    this.#untold.clear();
    this.#resting = true;
    this.#callOffRest = this.#system.after(milliseconds(TELL_EVERY_MS), () => {
      this.#resting = false;
      if (this.#untold.size > 0) this.#tellAll();
    });
    // Who does not hear it looks at the counters.
    this.#client?.query(TELL, [payload]).catch(() => {});
  }

  #publish(what: News): void {
    for (const listener of this.#listeners) listener(what);
  }
}
