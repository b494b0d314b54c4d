import { setMaxListeners } from 'node:events';
import type { Client } from 'pg';
import { milliseconds } from '../../core/time.ts';
import type { News } from '../../ports/store.ts';
import type { System } from '../../ports/system.ts';
import { breakOff, connect } from './connection.ts';
import type { Address } from './connection.ts';
import { unavailable } from './errors.ts';
import { Herald } from './herald.ts';
import { REPLICA_PROCEDURES } from './procedures/replicas.ts';

/** What this store is to the others, until it is lost. */
export interface Replica {
  readonly id: number;
  /** Aborted when others may take it for dead, by this one's own clock and before they do. */
  readonly lost: AbortSignal;
}

interface Life extends Replica {
  readonly client: Client;
  readonly end: AbortController;
  /** On the monotonic clock. */
  validUntil: number;
  callOffAlarm: () => void;
}

/** A lease has so many beats; at each the keeper looks around, and at every fourth it renews. */
const BEATS = 15;
const RENEW_EVERY = 4;
/** However long leases are, news that got lost on the way are found so soon. */
const LONGEST_BEAT_MS = 1000;
const RECONNECT_MS = 200;

/**
 * Keeps this store one of the replicas: by a connection of its own, whose session holds the replica's advisory lock, and
 * by a lease that it renews. When either is over so is the replica, and the keeper becomes another one.
 */
export class Keeper {
  readonly #address: Address;
  readonly #system: System;
  readonly #leaseMs: number;
  readonly #timeoutMs: number;
  readonly #herald: Herald;
  readonly #closing = new AbortController();
  #life: Life | undefined;
  #next = Promise.withResolvers<Replica>();
  #last: number | null = null;
  #work: Promise<void> | undefined;

  constructor(address: Address, system: System, leaseMs: number, timeoutMs: number) {
    this.#address = address;
    this.#system = system;
    this.#leaseMs = leaseMs;
    this.#timeoutMs = timeoutMs;
    this.#herald = new Herald(system);
  }

  /** Becomes a replica for the first time. */
  async open(): Promise<void> {
    const life = await this.#join();
    this.#work = this.#keep(life);
  }

  /** What this store is now; waits while it is none. */
  replica(): Promise<Replica> {
    const life = this.#life;
    if (life && this.#system.monotonic() >= life.validUntil) this.lose(life);
    return this.#next.promise;
  }

  /** Of this replica, if it is still what this store is. */
  signalOf(id: number): AbortSignal | undefined {
    return this.#life?.id === id ? this.#life.lost : undefined;
  }

  /** Others take this replica for dead, or soon will. */
  lose({ id }: Replica): void {
    const life = this.#life;
    if (life?.id !== id) return;
    this.#life = undefined;
    this.#next = Promise.withResolvers();
    life.callOffAlarm();
    life.end.abort(unavailable(this.#address.where, 'this replica has lost its lease or its session'));
    breakOff(life.client);
  }

  onNews(listener: (what: News) => void): () => void {
    return this.#herald.onNews(listener);
  }

  /** Tells the other replicas. */
  tell(news: readonly News[]): void {
    this.#herald.tell(news);
  }

  async close(): Promise<void> {
    const life = this.#life;
    this.#closing.abort();
    this.#herald.close();
    if (life) await this.#leave(life);
    await this.#work;
  }

  /** Says good-bye, so that the others need not find out; but does not wait for a server that hangs. */
  async #leave(life: Life): Promise<void> {
    const { client, id } = life;
    const left = client.query('SELECT pg_temp.free_replicas(ARRAY[$1::integer])', [id]).catch(() => {});
    const done = new AbortController();
    await Promise.race([left, this.#system.sleep(milliseconds(this.#timeoutMs), done.signal)]);
    done.abort();
    this.lose(life);
  }

  async #keep(first: Life): Promise<void> {
    let life: Life | undefined = first;
    while (!this.#closing.signal.aborted) {
      if (life) await this.#live(life);
      else await this.#system.sleep(milliseconds(RECONNECT_MS), this.#closing.signal);
      if (!this.#closing.signal.aborted) life = await this.#join().catch(() => undefined);
    }
    if (life) this.lose(life);
  }

  async #join(): Promise<Life> {
    const end = new AbortController();
    // Thousands of holds share it.
    setMaxListeners(0, end.signal);
    let life: Life | undefined;
    const settings = { pipeline: true, query_timeout: this.#leaseMs };
    const client = await connect(this.#address, settings, () => life && this.lose(life));
    try {
      await client.query(`SET synchronous_commit = on; ${REPLICA_PROCEDURES}`);
      const { validUntil, rows } = await this.#renewing(() =>
        client.query<{ id: number }>('SELECT pg_temp.join_replicas($1, $2) AS id', [this.#lease, this.#last]),
      );
      const id = rows[0]?.id ?? 0;
      life = { id, lost: end.signal, client, end, validUntil, callOffAlarm: () => {} };
      await this.#herald.serve(client);
    } catch (error) {
      breakOff(client);
      throw error;
    }
    this.#last = life.id;
    this.#life = life;
    this.#setAlarm(life);
    this.#next.resolve(life);
    return life;
  }

  async #live(life: Life): Promise<void> {
    const beat = milliseconds(Math.min(this.#leaseMs / BEATS, LONGEST_BEAT_MS));
    const over = AbortSignal.any([life.lost, this.#closing.signal]);
    for (let beats = 0; !over.aborted; beats += 1) {
      try {
        await this.#look(life, beats % RENEW_EVERY === RENEW_EVERY - 1);
      } catch {
        this.lose(life);
      }
      await this.#system.sleep(beat, over);
    }
  }

  async #look(life: Life, renew: boolean): Promise<void> {
    const { validUntil, rows } = await this.#renewing(() =>
      life.client.query<{ found: Found }>('SELECT pg_temp.look_around($1, $2) AS found', [
        life.id,
        renew ? this.#lease : null,
      ]),
    );
    const found = rows[0]?.found;
    if (!found?.alive) return this.lose(life);
    this.#herald.found(found);
    if (!renew) return;
    life.validUntil = validUntil;
    this.#setAlarm(life);
  }

  get #lease(): string {
    return `${this.#leaseMs} milliseconds`;
  }

  /** The lease that an answer brings began, at the earliest, when it was asked for; and it is given up one beat early. */
  async #renewing<Answer>(ask: () => Promise<Answer>): Promise<Answer & { readonly validUntil: number }> {
    const asked = this.#system.monotonic();
    return { ...(await ask()), validUntil: asked + this.#leaseMs - this.#leaseMs / BEATS };
  }

  #setAlarm(life: Life): void {
    life.callOffAlarm();
    const rest = Math.max(0, life.validUntil - this.#system.monotonic());
    life.callOffAlarm = this.#system.after(milliseconds(rest), () => this.lose(life));
  }
}

interface Found {
  readonly alive: boolean;
  readonly events: number;
  readonly tasks: number;
}
