import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Json } from '../../src/core/json.ts';
import { instant } from '../../src/core/time.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { median } from './report.ts';

export interface StoreLoad {
  /** Callers that each wait for their answer before they call again. */
  readonly callers: number;
  readonly seconds: number;
  readonly rounds: number;
  /** What is kept of each call. */
  readonly payload: Json;
}

/** A second, as callers see it: medians over the rounds. */
export interface StoreRates {
  /** One row without an index in the plainest worker with the same group commit, `synchronous=FULL` too. */
  readonly raw: number;
  /** `Store.receive`: an inbox row with its two unique keys, and its task. */
  readonly receive: number;
  /** All that is kept of a webhook in the end: the row and its task, then the event that says what became of it, with its audit leaf. */
  readonly whole: number;
}

/** What the embedded store costs above the database that it stands on: both take turns within each round. */
export async function measureStore(load: StoreLoad): Promise<StoreRates> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-bench-store-'));
  const store = await openSqliteStore({ dir, chance: hostSystem });
  const raw = openRaw(join(dir, 'raw.db'));
  try {
    const rates: StoreRates[] = [];
    for (let round = 0; round < load.rounds; round += 1)
      rates.push({
        raw: await ratePerSecond(load, () => raw.commit(JSON.stringify(load.payload))),
        receive: await ratePerSecond(load, (n) => receive(store, `${round}/${n}`, load.payload)),
        whole: await ratePerSecond(load, (n) => keepWhole(store, `${round}/whole/${n}`, load.payload)),
      });
    const middle = (rate: keyof StoreRates) => median(rates.map((one) => one[rate]));
    return { raw: middle('raw'), receive: middle('receive'), whole: middle('whole') };
  } finally {
    await Promise.all([store.close(), raw.close()]);
    rmSync(dir, { recursive: true });
  }
}

const receive = (store: Store, id: string, payload: Json) =>
  store.receive({
    source: 'bench',
    deliveryId: id,
    bodyHash: id,
    receivedAt: instant(0),
    payload,
    task: {
      key: `event/${id}`,
      kind: 'event',
      lane: null,
      deployment: null,
      payload: null,
      runAt: instant(0),
      queue: '',
      priority: 2,
    },
  });

async function keepWhole(store: Store, id: string, payload: Json): Promise<void> {
  await receive(store, id, payload);
  const details = { event: id, trigger: 'bench', status: 'success', reason: 'measured', payload };
  await store.record([{ type: 'event.ignored', at: instant(0), actor: 'bench', details }], [], null);
}

async function ratePerSecond(load: StoreLoad, call: (n: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const end = started + load.seconds * 1000;
  let calls = 0;
  const caller = async () => {
    while (performance.now() < end) await call((calls += 1));
  };
  await Promise.all(Array.from({ length: load.callers }, caller));
  return (calls / (performance.now() - started)) * 1000;
}

function openRaw(path: string) {
  const worker = new Worker(new URL('./raw-store-worker.ts', import.meta.url), { workerData: { path } });
  let waiting: Array<{ readonly body: string; readonly done: () => void }> = [];
  let underWay: typeof waiting = [];
  const post = () => {
    underWay = waiting;
    waiting = [];
    if (underWay.length > 0) worker.postMessage(underWay.map((one) => one.body));
  };
  worker.on('message', () => {
    const done = underWay;
    post();
    for (const one of done) one.done();
  });
  return {
    commit: (body: string) =>
      new Promise<void>((done) => {
        waiting.push({ body, done });
        if (underWay.length === 0) post();
      }),
    close: () => worker.terminate(),
  };
}
