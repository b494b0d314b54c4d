import { SpillwayError } from '../../core/errors.ts';
import type { Duration } from '../../core/time.ts';
import { seconds } from '../../core/time.ts';
import type { AppendResult, Hold, InboxResult, Peers, PruneCounts, Store } from '../../ports/store.ts';
import type { System } from '../../ports/system.ts';
import { sequenced, stamped } from '../event-form.ts';
import type { StampedEvent } from '../event-form.ts';
import { claimedTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import { auditOf } from './audit.ts';
import { appendCall, callText, claimCall, receiveCall, recordCall, seriesCall } from './calls.ts';
import { addressOf } from './connection.ts';
import { prepareDatabase } from './database.ts';
import { openingError } from './errors.ts';
import { Keeper } from './keeper.ts';
import { eventQueries, laneQueries, recordQueries } from './queries.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';
import type { Written } from './writer.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  readonly system: System;
  /** After so long without a word of a replica the others take over what it has; 15 s. */
  readonly lease?: Duration;
  /** So long may a call take; 5 s. */
  readonly timeout?: Duration;
}

/**
 * Opens the store in a PostgreSQL database, or makes one, and becomes one of its replicas.
 * @throws SpillwayError `config_invalid` for an address that is none; `conflict` when the store is of a newer Spillway or
 *   the server does not fit; `not_permitted`; `not_found`; `unavailable`
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { url, system, lease = seconds(15), timeout = seconds(5) } = options;
  const address = addressOf(url, timeout);
  await prepareDatabase(address);
  const keeper = new Keeper(address, system, lease, timeout);
  try {
    await keeper.open();
  } catch (error) {
    throw openingError(error, address.where);
  }
  const writer = new Writer(address, system, keeper, timeout);
  const reader = new Reader(address, system, writer, timeout);
  const store = {
    ...writing(writer, system),
    ...laneQueries(reader),
    ...eventQueries(reader),
    ...recordQueries(reader),
    ...auditOf(reader, writer),
  };
  return untilClosed(store, keeper, async () => {
    await writer.close();
    await reader.close();
    await keeper.close();
  });
}

type Writing =
  | 'append'
  | 'record'
  | 'receive'
  | 'claim'
  | 'finish'
  | 'retry'
  | 'drawFence'
  | 'hold'
  | 'peers'
  | 'appendSeries'
  | 'recordDelivery'
  | 'putSetting'
  | 'prune';

function writing(writer: Writer, system: System): Pick<Store, Writing> {
  const call = async (method: string, args: object) =>
    (await writer.call(callText({ method, ...args }))).value;
  return {
    async append(append) {
      const events = stamped(system, append.lane, append.events);
      return withEvents(await writer.call(callText(appendCall(append, events)), events.length), events);
    },
    async record(facts, tasks, completes) {
      const events = stamped(system, null, facts);
      return withEvents(
        await writer.call(callText(recordCall(events, tasks, completes)), events.length),
        events,
      );
    },
    async receive(item) {
      const { value } = await writer.call(callText(receiveCall(item, system.id())));
      const { queued: _queued, ...result } = value as InboxResult & { readonly queued?: number };
      return result;
    },
    async claim(now, limit, limits) {
      const { value, lost } = await writer.call(callText(claimCall(now, limit, limits)));
      return lost === undefined ? [] : (value as readonly TaskRow[]).map(claimedTask);
    },
    finish: async (key, fence) => (await call('finish', { key, fence })) === true,
    async retry(key, fence, runAt, error) {
      return ((await call('retry', { key, fence, runAt, error })) as { readonly ok: boolean }).ok;
    },
    drawFence: async () => Number(await call('drawFence', {})),
    async hold(names) {
      const { value, lost } = await writer.call(callText({ method: 'hold', names }));
      if (lost === undefined) return [];
      return (value as ReadonlyArray<Pick<Hold, 'name' | 'fence'>>).map((one) => ({
        ...one,
        lost,
        release: async () => {
          if (!lost.aborted) await call('release', one);
        },
      }));
    },
    peers: async () => (await call('peers', {})) as Peers,
    async appendSeries(rows) {
      await writer.call(callText(seriesCall(rows)));
    },
    async recordDelivery(delivery) {
      await call('recordDelivery', delivery);
    },
    async putSetting(name, value) {
      await call('putSetting', { name, value });
    },
    prune: async (before, limit) => (await call('prune', { before, limit })) as PruneCounts,
  };
}

function withEvents({ value, sequence }: Written, events: readonly StampedEvent[]): AppendResult {
  const result = value as { ok: true; version: number } | Extract<AppendResult, { ok: false }>;
  if (!result.ok) return result;
  const sequences = events.map((_, index) => sequence + index + 1);
  return { ok: true, version: result.version, events: sequenced(events, sequences) };
}

function untilClosed(
  store: Omit<Store, 'onNews' | 'close'>,
  keeper: Keeper,
  end: () => Promise<void>,
): Store {
  let closed: Promise<void> | undefined;
  const guarded = Object.entries(store).map(([name, method]) => [
    name,
    async (...args: readonly unknown[]) => {
      if (closed) throw new SpillwayError('unavailable', 'the store is closed');
      return (method as (...values: readonly unknown[]) => Promise<unknown>)(...args);
    },
  ]);
  return {
    ...(Object.fromEntries(guarded) as typeof store),
    onNews: (listener) => keeper.onNews(listener),
    close: () => (closed ??= end()),
  };
}
