import type { DeploymentId } from '../../core/ids.ts';
import type { AppendResult, SeriesRow, Store } from '../../ports/store.ts';
import type { Chance } from '../../ports/system.ts';
import { sequenced, stamped } from '../event-form.ts';
import type { StampedEvent } from '../event-form.ts';
import { alone, soleHolder } from '../holds.ts';
import { StoreClient } from './client.ts';
import type { Written } from './operations.ts';
import type { KeptLook } from './records.ts';
import { acquireOwner } from './owner.ts';

/** Looks that are read at once. */
const PAGE = 1000;

/**
 * Opens the embedded store of a folder, or makes one, and becomes its only owner. Tasks that an owner before this one
 * had claimed can be claimed again.
 * @throws SpillwayError `conflict` when another process owns it, or it is of a newer Spillway; `corrupt`; `unavailable`
 */
export async function openSqliteStore(options: {
  readonly dir: string;
  readonly chance: Chance;
}): Promise<Store> {
  const { dir, chance } = options;
  const owner = acquireOwner(dir);
  try {
    const client = await StoreClient.open(dir);
    return {
      ...storeOver(client, chance),
      close: () => client.close().finally(() => owner.release()),
    };
  } catch (error) {
    owner.release();
    throw error;
  }
}

function storeOver(client: StoreClient, chance: Chance): Omit<Store, 'close'> {
  return {
    async append(append) {
      const events = stamped(chance, append.lane, append.events);
      return withEvents(await client.call('append', { ...append, events }), events);
    },
    async record(facts, tasks, completes) {
      const events = stamped(chance, null, facts);
      return withEvents(await client.call('record', events, tasks, completes), events);
    },
    receive: (item) => client.call('receive', item, chance.id()),

    claim: (now, limit, limits) => client.call('claim', now, limit, limits),
    finish: (key, fence) => client.call('finish', key, fence),
    retry: (key, fence, runAt, error) => client.call('retry', key, fence, runAt, error),
    nextDue: () => client.call('nextDue'),
    drawFence: () => client.call('drawFence'),
    hold: soleHolder(() => client.call('drawFence')),
    peers: alone,
    onNews: () => () => {},

    loadLane: (lane) => client.call('loadLane', lane),
    lanes: () => client.call('lanes'),
    deployment: (id) => client.call('deployment', id),
    deployments: (query) => client.call('deployments', query),
    events: (query) => client.call('events', query),

    appendSeries: (rows) => client.call('appendSeries', rows),
    series: (deployment) => seriesInPages(client, deployment),
    recordDelivery: (delivery) => client.call('recordDelivery', delivery),
    deliveries: (query) => client.call('deliveries', query),
    sequenceAudit: () => client.call('sequenceAudit'),
    auditEntries: (fromIndex, limit) => client.call('auditEntries', fromIndex, limit),
    setting: (name) => client.call('setting', name),
    putSetting: (name, value) => client.call('putSetting', name, value),
    prune: (before, limit) => client.call('prune', before, limit),
  };
}

const withEvents = (written: Written, events: readonly StampedEvent[]): AppendResult =>
  written.ok ? { ok: true, version: written.version, events: sequenced(events, written.sequences) } : written;

/** A rollout of a day has 86,400 looks: between pages others are answered. */
async function seriesInPages(client: StoreClient, deployment: DeploymentId): Promise<readonly SeriesRow[]> {
  const rows: SeriesRow[] = [];
  for (let last: KeptLook | null = null; ;) {
    const page: readonly KeptLook[] = await client.call('series', deployment, last, PAGE);
    for (const { number: _number, ...row } of page) rows.push(row);
    last = page.at(-1) ?? null;
    if (page.length < PAGE) return rows;
  }
}
