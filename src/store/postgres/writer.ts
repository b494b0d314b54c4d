import type { Client } from 'pg';
import { milliseconds } from '../../core/time.ts';
import type { System } from '../../ports/system.ts';
import { breakOff, connect } from './connection.ts';
import type { Address } from './connection.ts';
import { isConnectionLoss, isInTheWay, storeError, unavailable } from './errors.ts';
import type { Keeper } from './keeper.ts';
import { PRUNE_PROCEDURES } from './procedures/prune.ts';
import { REPLICA_PROCEDURES } from './procedures/replicas.ts';
import { TASK_PROCEDURES } from './procedures/tasks.ts';
import { TURN_PROCEDURES } from './procedures/turn.ts';
import { WRITE_PROCEDURES } from './procedures/writes.ts';

/** What a call was answered. */
export interface Written {
  readonly value: unknown;
  /** The number before that of its first event. */
  readonly sequence: number;
  /** For as long as what it has claimed or holds is its own; undefined when that is over already. */
  readonly lost: AbortSignal | undefined;
}

interface Waiting {
  readonly text: string;
  readonly events: number;
  /** On the monotonic clock. */
  readonly deadline: number;
  readonly answer: PromiseWithResolvers<Written>;
}

interface Answer {
  readonly replica: number;
  readonly answer: {
    readonly results: readonly unknown[];
    readonly sequence: number;
    readonly events: number;
    readonly tasks: number;
  };
}

const MOST_CALLS = 128;
const MOST_TEXT = 4_000_000;
const PAUSE = milliseconds(50);
const TAKE_TURN = { name: 'take_turn', text: 'SELECT pg_temp.take_turn($1, $2, $3, $4) AS answer' };
/** Plans are kept, and the first ones are made while the tables are empty. */
const SETTINGS =
  'SET synchronous_commit = on; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;';
const PROCEDURES = [
  REPLICA_PROCEDURES,
  TASK_PROCEDURES,
  WRITE_PROCEDURES,
  PRUNE_PROCEDURES,
  TURN_PROCEDURES,
].join('');

/**
 * All that this store writes, in the order in which it was called: what is called while a turn is under way goes
 * together as the next one, in one transaction. A turn has a number, so that it is done once however often its answer
 * gets lost on its way.
 */
export class Writer {
  readonly #address: Address;
  readonly #system: System;
  readonly #keeper: Keeper;
  readonly #timeoutMs: number;
  /** Under which the database keeps the last answer. */
  readonly #name: string;
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #turns = 0;
  #waiting: Waiting[] = [];
  #working = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(address: Address, system: System, keeper: Keeper, timeoutMs: number) {
    this.#address = address;
    this.#system = system;
    this.#keeper = keeper;
    this.#timeoutMs = timeoutMs;
    this.#name = system.id();
  }

  /** @param events how many of them the call adds. @throws SpillwayError `unavailable` */
  call(text: string, events = 0): Promise<Written> {
    const answer = Promise.withResolvers<Written>();
    const deadline = this.#system.monotonic() + this.#timeoutMs;
    this.#waiting.push({ text, events, deadline, answer });
    this.#last = answer.promise.catch(() => undefined);
    if (!this.#working) void this.#work();
    return answer.promise;
  }

  /** When all that was called so far is answered. */
  settled(): Promise<unknown> {
    return this.#last;
  }

  async close(): Promise<void> {
    await this.#last;
    const client = await (this.#client ?? this.#connecting?.catch(() => undefined));
    if (client) breakOff(client);
  }

  async #work(): Promise<void> {
    this.#working = true;
    // What is called in the same turn of the event loop goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#perform(this.#takeNext());
    this.#working = false;
  }

  #takeNext(): readonly Waiting[] {
    let length = 0;
    const end = this.#waiting.findIndex(
      ({ text }, index) => index === MOST_CALLS || ((length += text.length) > MOST_TEXT && index > 0),
    );
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  /** Answers each of these calls, at the latest when the time of the first one is over. */
  async #perform(calls: readonly Waiting[]): Promise<void> {
    const abandon = new AbortController();
    const rest = (calls[0]?.deadline ?? 0) - this.#system.monotonic();
    const callOff = this.#system.after(milliseconds(Math.max(rest, 0)), () => abandon.abort());
    try {
      this.#settle(calls, await this.#answerTo(calls, abandon.signal));
    } catch (error) {
      // One that cannot be kept must not take the others with it.
      if (abandon.signal.aborted || calls.length === 1) for (const { answer } of calls) answer.reject(error);
      else for (const one of calls) await this.#perform([one]);
    } finally {
      callOff();
    }
  }

  async #answerTo(calls: readonly Waiting[], abandoned: AbortSignal): Promise<Answer> {
    this.#turns += 1;
    const turn = this.#turns;
    const text = `[${calls.map((call) => call.text).join()}]`;
    let trouble: unknown;
    for (;;) {
      try {
        const answer = await this.#ask(turn, text, abandoned);
        if (answer) return answer;
      } catch (error) {
        if (abandoned.aborted) throw this.#unavailable(trouble ?? error);
        trouble = error;
        if (isConnectionLoss(error)) await this.#connectAnew(abandoned);
        else if (!isInTheWay(error)) throw storeError(error, this.#address.where);
      }
    }
  }

  /** @returns undefined when this replica was taken for dead, so that it must be asked again as another one */
  async #ask(turn: number, text: string, abandoned: AbortSignal): Promise<Answer | undefined> {
    const replica = await unless(abandoned, this.#keeper.replica());
    const client = await unless(abandoned, this.#session());
    const breakOffNow = () => breakOff(client);
    abandoned.addEventListener('abort', breakOffNow);
    try {
      if (replica.lost.aborted) return undefined;
      const { rows } = await client.query<{ answer: Answer | { readonly lost: true } }>({
        ...TAKE_TURN,
        values: [this.#name, turn, replica.id, text],
      });
      const answer = rows[0]?.answer;
      if (answer && 'answer' in answer) return answer;
      this.#keeper.lose(replica);
      return undefined;
    } finally {
      abandoned.removeEventListener('abort', breakOffNow);
    }
  }

  #settle(calls: readonly Waiting[], { replica, answer }: Answer): void {
    const { results, events, tasks } = answer;
    let { sequence } = answer;
    const lost = this.#keeper.signalOf(replica);
    calls.forEach((call, index) => {
      const value = results[index];
      call.answer.resolve({ value, sequence, lost });
      if (isDone(value)) sequence += call.events;
    });
    this.#keeper.tell([...(tasks > 0 ? ['tasks' as const] : []), ...(events > 0 ? ['events' as const] : [])]);
  }

  #session(): Promise<Client> {
    if (this.#client) return Promise.resolve(this.#client);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connectAnew(abandoned: AbortSignal): Promise<void> {
    if (this.#client) breakOff(this.#client);
    this.#client = undefined;
    await this.#system.sleep(PAUSE, abandoned);
  }

  async #connect(): Promise<Client> {
    const client = await connect(this.#address, { query_timeout: this.#timeoutMs }, (ended) => {
      if (this.#client === ended) this.#client = undefined;
    });
    try {
      await client.query(`${SETTINGS}${PROCEDURES}`);
    } catch (error) {
      breakOff(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  #unavailable(cause: unknown) {
    const message = `PostgreSQL did not answer within ${this.#timeoutMs / 1000} s; whether it has kept this is not known`;
    return unavailable(this.#address.where, message, cause);
  }
}

const isDone = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'ok' in value && value.ok === true;

/** @throws the reason of the signal, as soon as it is aborted */
function unless<Value>(signal: AbortSignal, value: Promise<Value>): Promise<Value> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  return Promise.race([value, aborted]).finally(() => signal.removeEventListener('abort', stop));
}
