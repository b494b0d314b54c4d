import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { instant } from '../../../src/core/time.ts';
import { laneHold, type ClaimedTask, type News, type Store } from '../../../src/ports/store.ts';
import { noPostgres } from '../../support/postgres.ts';
import { aSystemEvent, aTask, anAppend, resumed, SHOP } from '../../support/store-samples.ts';
import { clusterOfSuite, databaseOf } from './cluster.ts';

const CHILD = join(import.meta.dirname, 'children', 'replica.ts');
const NOW = instant(0);

/** Ends the sessions that have an advisory lock: those by which replicas live. */
const KILL_KEEPERS = `SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND objid = ANY ($1) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const queued = (store: Store, count: number) =>
  store.record(
    [],
    Array.from({ length: count }, (_, n) => aTask(`t${n}`, { queue: `q${n % 7}` })),
    null,
  );

/** Asks again until the answer is as it should be: what others do shows within moments. */
async function until<Answer>(ask: () => Promise<Answer>, isIt: (answer: Answer) => boolean): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    const answer = await ask();
    if (isIt(answer) || tries === 200) return answer;
    await wait(25);
  }
}

describe('several replicas on PostgreSQL', { skip: noPostgres ?? false }, () => {
  const cluster = clusterOfSuite();
  const replicaIds = async (url: string) =>
    (await cluster.server().query(databaseOf(url), 'SELECT id FROM spillway.replicas ORDER BY id')).map(
      ({ id }) => Number(id),
    );

  it('gives no task to two of them', async (t) => {
    const url = await cluster.database();
    const stores = [await cluster.open(t, url), await cluster.open(t, url), await cluster.open(t, url)];
    await queued(stores[0]!, 400);
    const claimed: ClaimedTask[] = [];
    const work = async (store: Store) => {
      for (;;) {
        const tasks = await store.claim(NOW, 5);
        claimed.push(...tasks);
        if (tasks.length === 0) return;
      }
    };
    await Promise.all(stores.flatMap((store) => [work(store), work(store), work(store)]));
    assert.equal(claimed.length, 400);
    assert.equal(new Set(claimed.map(({ key }) => key)).size, 400);
    assert.equal(new Set(claimed.map(({ fence }) => fence)).size, 400);
    assert.ok(claimed.every(({ attempt }) => attempt === 1));
  });

  it('lets one of them hold a name, until it lets go', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    const [held] = await a.hold(['audit']);
    assert.ok(held);
    const rest = await b.hold(['audit', 'schedules']);
    assert.deepEqual(
      rest.map(({ name }) => name),
      ['schedules'],
    );
    await held.release();
    const [next] = await b.hold(['audit']);
    assert.ok(next && next.fence > held.fence);
    assert.deepEqual(await a.hold(['audit']), []);
    await held.release();
    assert.deepEqual(await a.hold(['audit']), [], 'an old release frees no later hold');
    assert.ok(!next.lost.aborted);
  });

  it('knows its peers, the dead ones no longer', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    const { self, live } = await a.peers();
    const other = (await b.peers()).self;
    assert.deepEqual(live.toSorted(), [self, other].toSorted());
    assert.deepEqual((await b.peers()).live, live, 'in one order');
    await b.close();
    const left = await until(
      () => a.peers(),
      (peers) => peers.live.length === 1,
    );
    assert.deepEqual(left.live, [self]);
  });

  it('gives a task first to the replica that has its lane to itself', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    await a.hold([laneHold(SHOP)]);
    await a.record([], [aTask('mine', { lane: SHOP, runAt: instant(10_000) })], null);
    assert.deepEqual(await b.claim(instant(11_000), 5), []);
    const [late] = await b.claim(instant(12_000), 5);
    assert.equal(late?.key, 'mine', 'it is not left undone');
    await a.record([], [aTask('next', { lane: SHOP, runAt: instant(20_000) })], null);
    assert.equal((await a.claim(instant(20_000), 5))[0]?.key, 'next');
  });

  it('gives each name to one of those who ask for thousands at once', async (t) => {
    const url = await cluster.database();
    const stores = [await cluster.open(t, url), await cluster.open(t, url)];
    const names = Array.from({ length: 3000 }, (_, n) => `watch/a${n}/production`);
    const ways = [names, names.toReversed()];
    const holds = (await Promise.all(stores.map((store, n) => store.hold(ways[n] ?? [])))).flat();
    assert.equal(holds.length, names.length);
    assert.equal(new Set(holds.map(({ name }) => name)).size, names.length);
  });

  it('frees at once what a replica had when its session is killed; that one knows, and becomes another', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    await queued(a, 3);
    const before = await a.claim(NOW, 3);
    const [held] = await a.hold(['audit']);
    assert.ok(held);
    assert.deepEqual(await b.claim(NOW, 3), []);
    const lost = once(held.lost, 'abort');
    const [first = 0, second] = await replicaIds(url);
    await cluster.server().query(databaseOf(url), KILL_KEEPERS, [[first]]);

    const [taken] = await until(
      () => b.hold(['audit']),
      (holds) => holds.length > 0,
    );
    assert.ok(taken && taken.fence > held.fence);
    const again = await b.claim(NOW, 3);
    assert.deepEqual(
      again.map(({ key, attempt }) => [key, attempt]),
      before.map(({ key }) => [key, 2]),
    );
    await lost;
    const [task] = before;
    assert.ok(task);
    const late = await a.append(anAppend({ events: [resumed('d1')], completes: task }));
    assert.deepEqual(late, { ok: false, why: 'stale_fence' });
    assert.equal(await a.finish(task.key, task.fence), false);
    const ids = await replicaIds(url);
    assert.ok(ids.length === 2 && ids.includes(second ?? 0) && !ids.includes(first));
    assert.deepEqual(
      (await a.hold(['audit', 'schedules'])).map(({ name }) => name),
      ['schedules'],
    );
  });

  /** A replica in a process of its own, which has two tasks and a hold. */
  async function replicaOf(t: TestContext, url: string, lease: number) {
    const child = spawn(process.execPath, [CHILD, url, `${lease}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const said = async () => String((await lines.next()).value);
    assert.equal(await said(), 'has t0 t1 audit');
    return { child, said };
  }

  it('frees at once what a replica had that was killed, long before its lease is over', async (t) => {
    const url = await cluster.database();
    const store = await cluster.open(t, url);
    await queued(store, 2);
    const { child } = await replicaOf(t, url, 600_000);
    assert.deepEqual([await store.claim(NOW, 2), await store.hold(['audit'])], [[], []]);
    const news = new Promise<void>((heard) => store.onNews((what) => what === 'tasks' && heard()));
    child.kill('SIGKILL');
    await news;
    assert.equal((await store.claim(NOW, 2)).length, 2);
    assert.equal((await store.hold(['audit'])).length, 1);
  });

  it('frees what a frozen replica had when its lease is over; when it thaws it knows', async (t) => {
    const url = await cluster.database();
    const store = await cluster.open(t, url);
    await queued(store, 2);
    const { child, said } = await replicaOf(t, url, 1500);
    child.kill('SIGSTOP');
    assert.deepEqual(
      [await store.claim(NOW, 2), await store.hold(['audit'])],
      [[], []],
      'the lease is not over yet',
    );
    const tasks = await until(
      () => store.claim(NOW, 2),
      (claimed) => claimed.length > 0,
    );
    assert.deepEqual(
      tasks.map(({ key }) => key),
      ['t0', 't1'],
    );
    assert.equal((await store.hold(['audit'])).length, 1);
    child.kill('SIGCONT');
    assert.equal(await said(), 'lost');
    child.stdin.write('try\n');
    assert.equal(await said(), 'stale_fence 0 holds');
    child.stdin.end();
    await once(child, 'exit');
  });

  it('writes nothing as a replica that others have buried, even when it has not noticed', async (t) => {
    const url = await cluster.database();
    const store = await cluster.open(t, url);
    await queued(store, 1);
    const [held] = await store.hold(['audit']);
    const sql = (text: string) => cluster.server().query(databaseOf(url), text);
    await sql('DELETE FROM spillway.replicas');
    assert.equal((await store.claim(NOW, 1)).length, 1);
    assert.equal(held?.lost.aborted, true);
    const owners = await sql(
      'SELECT 1 FROM spillway.tasks JOIN spillway.replicas ON replicas.id = tasks.owner',
    );
    assert.equal(owners.length, 1);
  });

  it('does not take a replica for dead that renews its lease', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url, { lease: 1200 }), await cluster.open(t, url, { lease: 1200 })];
    await queued(a, 1);
    assert.equal((await a.claim(NOW, 1)).length, 1);
    const [held] = await a.hold(['audit']);
    await wait(2000);
    assert.deepEqual([await b.claim(NOW, 1), await b.hold(['audit'])], [[], []]);
    assert.equal(held?.lost.aborted, false);
  });

  it('frees what a replica had when it closes the store', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    await queued(a, 1);
    const [[task], [held]] = [await a.claim(NOW, 1), await a.hold(['audit'])];
    await a.close();
    assert.equal(held?.lost.aborted, true);
    assert.equal((await b.claim(NOW, 1))[0]?.key, task?.key);
    assert.equal((await b.hold(['audit'])).length, 1);
  });

  it('tells the others of tasks and events', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    const heard = new Set<News>();
    b.onNews((what) => heard.add(what));
    const hears = async (what: News) => {
      assert.ok(
        (
          await until(
            async () => heard,
            (all) => all.has(what),
          )
        ).has(what),
      );
      heard.clear();
    };
    await queued(a, 1);
    await hears('tasks');
    await a.record([aSystemEvent('server.started')], [], null);
    await hears('events');
    const [task] = await a.claim(NOW, 1);
    assert.ok(task);
    heard.clear();
    await a.retry(task.key, task.fence, NOW, 'again');
    await hears('tasks');
    // As if a message had got lost on its way: nobody sends one for this.
    await cluster.server().query(databaseOf(url), 'UPDATE spillway.counter SET sequence = sequence + 1');
    await hears('events');
  });

  it('tells by messages, not only by looking', async (t) => {
    const url = await cluster.database();
    const [a, b] = [await cluster.open(t, url), await cluster.open(t, url)];
    const ear = new Client({ connectionString: url });
    await ear.connect();
    t.after(() => ear.end());
    await ear.query('LISTEN spillway');
    const message = once(ear, 'notification') as Promise<Array<{ payload: string }>>;
    await a.record([aSystemEvent('server.started')], [aTask('t1')], null);
    assert.equal((await message)[0]?.payload, 'tasks events');

    // Of the first look: both. What comes after it without anything to be seen has come by message.
    const heard: News[] = [];
    const forget = b.onNews((what) => heard.push(what));
    await wait(1500);
    heard.length = 0;
    await ear.query("NOTIFY spillway, 'events'");
    assert.deepEqual(
      await until(
        async () => [...heard],
        (news) => news.length > 0,
      ),
      ['events'],
    );
    forget();
    await ear.query("NOTIFY spillway, 'events'");
    await wait(50);
    assert.equal(heard.length, 1);
  });
});
