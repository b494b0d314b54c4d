import { Pool } from 'pg';
import { milliseconds } from '../../core/time.ts';
import type { System } from '../../ports/system.ts';
import { prepareSession } from './connection.ts';
import type { Address } from './connection.ts';
import { isConnectionLoss, storeError, unavailable } from './errors.ts';
import type { Writer } from './writer.ts';

const MOST_CONNECTIONS = 8;
const PAUSE = milliseconds(50);

export type Value = string | number | readonly string[] | null;

/** Reads, any number at a time, each after what this store had written before. */
export class Reader {
  readonly #address: Address;
  readonly #system: System;
  readonly #writer: Pick<Writer, 'settled'>;
  readonly #timeoutMs: number;
  readonly #pool: Pool;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(address: Address, system: System, writer: Pick<Writer, 'settled'>, timeoutMs: number) {
    this.#address = address;
    this.#system = system;
    this.#writer = writer;
    this.#timeoutMs = timeoutMs;
    this.#pool = new Pool({
      ...address.config,
      max: MOST_CONNECTIONS,
      query_timeout: timeoutMs,
      onConnect: prepareSession,
    });
    // An idle connection that breaks is only taken out of the pool.
    this.#pool.on('error', () => {});
  }

  /** Row types are the caller's word about its own columns. @throws SpillwayError `unavailable` when its time is over */
  all<Row>(text: string, ...values: readonly Value[]): Promise<readonly Row[]> {
    const stop = new AbortController();
    const { promise: over, reject } = Promise.withResolvers<never>();
    const callOff = this.#system.after(milliseconds(this.#timeoutMs), () => {
      stop.abort();
      reject(
        unavailable(this.#address.where, `PostgreSQL did not answer within ${this.#timeoutMs / 1000} s`),
      );
    });
    const rows = Promise.race([this.#read<Row>(text, values, stop.signal), over]).finally(callOff);
    const done = rows.catch(() => undefined).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    return rows;
  }

  async get<Row>(text: string, ...values: readonly Value[]): Promise<Row | undefined> {
    return (await this.all<Row>(text, ...values))[0];
  }

  /** Lets what was asked so far be answered. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay);
    const ended = new AbortController();
    // A server that hangs is not waited for.
    const wait = this.#system.sleep(milliseconds(this.#timeoutMs), ended.signal);
    await Promise.race([this.#pool.end(), wait]);
    ended.abort();
  }

  async #read<Row>(text: string, values: readonly Value[], stop: AbortSignal): Promise<readonly Row[]> {
    await this.#writer.settled();
    for (;;) {
      try {
        return (await this.#pool.query(text, [...values])).rows as Row[];
      } catch (error) {
        // Reading again is harmless, so a connection that broke goes unnoticed if another one can be made in time.
        if (stop.aborted || !isConnectionLoss(error)) throw storeError(error, this.#address.where);
        await this.#system.sleep(PAUSE, stop);
      }
    }
  }
}

/** A WHERE of those conditions that were asked for; each has one `?`, which becomes its parameter's number. */
export function conditions(asked: ReadonlyArray<readonly [condition: string, value: Value | undefined]>): {
  readonly text: string;
  readonly values: readonly Value[];
} {
  const texts: string[] = [];
  const values: Value[] = [];
  for (const [condition, value] of asked)
    if (value !== undefined) {
      values.push(value);
      texts.push(condition.replace('?', `$${values.length}`));
    }
  return { text: texts.length > 0 ? `WHERE ${texts.join(' AND ')}` : '', values };
}
