import { SpillwayError } from '../../../src/core/errors.ts';
import { Turns } from '../../../src/engine/turns.ts';
import type { AppendResult, Hold, News, Peers, Store } from '../../../src/ports/store.ts';
import type { Chance } from '../../../src/ports/system.ts';
import { sequenced, stamped, type StampedEvent } from '../../../src/store/event-form.ts';
import type { Operations, Written } from '../../../src/store/sqlite/operations.ts';
import type { Surroundings, Wire } from '../wire.ts';
import { isRead, type Args, type Method, type SimStore } from './sim-store.ts';

/** What can happen to a call: the store and its caller are one process, so that no answer is lost without the caller. */
const HAZARDS = { faults: ['crash at a call', 'slow'] } as const;

/** What a call leaves for other replicas. */
const NEWS: Readonly<Partial<Record<Method, News>>> = {
  append: 'events',
  record: 'events',
  receive: 'tasks',
  retry: 'tasks',
};

/** Whether the disk has room, now. */
export interface Disk {
  isFull(): boolean;
}

/** What an embedded store gives its only owner, and a shared one each of its replicas. */
export interface Membership {
  /** Whether the store cannot be reached, now. */
  isCut(): boolean;
  hold(names: readonly string[], drawFence: () => Promise<number>): Promise<readonly Hold[]>;
  peers(): Promise<Peers>;
  onNews(listener: (what: News) => void): () => void;
  /** Told of what others may have to do with. */
  committed(what: News): void;
}

/** One replica's way to the store: what the embedded store's client and worker do, on simulated time and a simulated disk. */
export function storeFront(
  store: SimStore,
  wire: Wire,
  who: { readonly name: string; readonly chance: Chance },
  { faults, trace }: Pick<Surroundings, 'faults' | 'trace'>,
  disk: Disk,
  membership: Membership,
): Store {
  const { name, chance } = who;
  /** Calls take effect in the order in which they were made. */
  const turns = new Turns();
  const call = <M extends Method>(method: M, ...args: Args<M>): Promise<ReturnType<Operations[M]>> =>
    turns.take('store', () =>
      wire.call(`store.${method}`, HAZARDS, () => {
        if (membership.isCut()) throw new SpillwayError('unavailable', 'the store does not answer');
        if (!isRead(method) && (disk.isFull() || faults.strikes('disk full'))) {
          trace.add(name, `fault: disk full: store.${method}`);
          throw new SpillwayError('unavailable', 'the store could not be written: the disk is full');
        }
        const value = store.perform(name, method, args);
        const news = NEWS[method];
        if (news !== undefined) membership.committed(news);
        return value;
      }),
    );
  return {
    async append(append) {
      const events = stamped(chance, append.lane, append.events);
      return withEvents(await call('append', { ...append, events }), events);
    },
    async record(facts, tasks, completes) {
      const events = stamped(chance, null, facts);
      return withEvents(await call('record', events, tasks, completes), events);
    },
    receive: (item) => call('receive', item, chance.id()),
    claim: (now, limit, limits) => call('claim', now, limit, limits),
    finish: (key, fence) => call('finish', key, fence),
    retry: (key, fence, runAt, error) => call('retry', key, fence, runAt, error),
    nextDue: () => call('nextDue'),
    drawFence: () => call('drawFence'),
    hold: (names) => wire.call('store.hold', HAZARDS, () => membership.hold(names, () => call('drawFence'))),
    peers: () => wire.call('store.peers', HAZARDS, () => membership.peers()),
    onNews: (listener) => membership.onNews(listener),
    loadLane: (lane) => call('loadLane', lane),
    lanes: () => call('lanes'),
    deployment: (id) => call('deployment', id),
    deployments: (query) => call('deployments', query),
    events: (query) => call('events', query),
    appendSeries: (rows) => call('appendSeries', rows),
    series: (deployment) => call('series', deployment),
    recordDelivery: (delivery) => call('recordDelivery', delivery),
    deliveries: (query) => call('deliveries', query),
    sequenceAudit: () => call('sequenceAudit'),
    auditEntries: (fromIndex, limit) => call('auditEntries', fromIndex, limit),
    setting: (key) => call('setting', key),
    putSetting: (key, value) => call('putSetting', key, value),
    prune: (before, limit) => call('prune', before, limit),
    close: async () => undefined,
  };
}

const withEvents = (written: Written, events: readonly StampedEvent[]): AppendResult =>
  written.ok ? { ok: true, version: written.version, events: sequenced(events, written.sequences) } : written;
