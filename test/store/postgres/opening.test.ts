import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../../src/core/errors.ts';
import { SpillwayError } from '../../../src/core/errors.ts';
import { objection } from '../../../src/store/postgres/database.ts';
import { MIGRATIONS } from '../../../src/store/postgres/migrations.ts';
import { openPostgresStore } from '../../../src/store/postgres/index.ts';
import { noPostgres } from '../../support/postgres.ts';
import { realSystem } from '../../support/real-system.ts';
import { anAppend, aTask, resumed } from '../../support/store-samples.ts';
import { clusterOfSuite, databaseOf } from './cluster.ts';

const SECRET = 'p%40ssw0rd';

async function refuses(url: string, code: ErrorCode, message: RegExp, hint: RegExp): Promise<void> {
  // Closed if it did open: a store left open would keep the test from ending.
  const opening = openPostgresStore({ url, system: realSystem }).then((store) => store.close());
  await assert.rejects(opening, (error) => {
    assert.ok(error instanceof SpillwayError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.hint ?? '', hint);
    assert.doesNotMatch(
      inspect(error, { depth: 9, showHidden: true }),
      /p%40ssw0rd|p@ssw0rd/,
      'tells no password',
    );
    return true;
  });
}

describe('opening a store', () => {
  for (const url of [
    `postgres://me:${SECRET}@host:port/db`,
    `https://me:${SECRET}@host/db`,
    `me:${SECRET}`,
    '',
  ])
    it(`refuses what is no address, and does not show it: ${url.replace(SECRET, '...')}`, () =>
      refuses(url, 'config_invalid', /no[t]? an address/, /postgres:\/\/user:password@host:port\/database/));

  it('says that nobody answers there', () =>
    refuses(
      `postgres://me:${SECRET}@127.0.0.1:1/db`,
      'unavailable',
      /ECONNREFUSED/,
      /Check that the server runs/,
    ));

  it('says what does not fit about a server', () => {
    const fitting = { version: 150_000, fsync: 'on', encoding: 'UTF8' };
    assert.equal(objection(fitting), undefined);
    assert.match(objection({ ...fitting, version: 140_011 })?.message ?? '', /PostgreSQL 14 is too old/);
    assert.match(objection({ ...fitting, fsync: 'off' })?.message ?? '', /fsync is off/);
    assert.match(objection({ ...fitting, encoding: 'SQL_ASCII' })?.hint ?? '', /createdb --encoding=UTF8/);
  });
});

describe('opening a store on PostgreSQL', { skip: noPostgres ?? false }, () => {
  const cluster = clusterOfSuite();

  it('makes everything once, however many open it at the same time', async (t) => {
    const url = await cluster.server().createDatabase();
    const opening = Array.from({ length: 4 }, () => cluster.open(t, url));
    await Promise.allSettled(opening);
    const append = anAppend({ events: [resumed('d1')], tasks: [aTask('t1')] });
    const results = await Promise.all(opening.map(async (store) => (await store).append(append)));
    assert.equal(results.filter(({ ok }) => ok).length, 1);
    assert.deepEqual(await cluster.server().query(databaseOf(url), 'SELECT * FROM spillway.form'), [
      { version: MIGRATIONS.length },
    ]);
  });

  it('refuses a store of a newer Spillway and leaves it as it is', async () => {
    const url = await cluster.database();
    const sql = (text: string) => cluster.server().query(databaseOf(url), text);
    await sql('UPDATE spillway.form SET version = 99');
    await refuses(url, 'conflict', /newer Spillway \(form 99\)/, /start the newer version/);
    assert.deepEqual(await sql('SELECT * FROM spillway.form'), [{ version: 99 }]);
    assert.deepEqual(await sql('SELECT * FROM spillway.replicas'), []);
  });

  it('says that there is no such database, and how to make it', () =>
    refuses(cluster.server().url('nowhere'), 'not_found', /"nowhere" does not exist/, /createdb/));

  it('says that it may not', async () => {
    const server = cluster.server();
    const url = new URL(await server.createDatabase());
    await server.query('postgres', "CREATE ROLE guest LOGIN PASSWORD 'x'");
    url.username = 'guest';
    url.password = SECRET;
    await refuses(url.href, 'not_permitted', /permission denied/, /CREATE and TEMPORARY/);
    url.username = 'stranger';
    await refuses(url.href, 'not_permitted', /"stranger" does not exist/, /user and password/);
  });

  it('keeps to its own schema', async () => {
    const url = await cluster.database();
    const found = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    assert.deepEqual(await cluster.server().query(databaseOf(url), found), []);
  });

  it('commits durably where the server would not', async (t) => {
    const url = await cluster.database();
    const sql = (text: string) => cluster.server().query(databaseOf(url), text);
    await sql(`ALTER DATABASE ${databaseOf(url)} SET synchronous_commit = off`);
    await sql(`CREATE TABLE public.seen (setting text);
      CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
      CREATE TRIGGER see AFTER UPDATE ON spillway.answers EXECUTE FUNCTION public.see()`);
    const store = await cluster.open(t, url);
    await store.append(anAppend());
    assert.deepEqual(await sql('SELECT setting FROM public.seen'), [{ setting: 'on' }]);
  });

  it('keeps what PostgreSQL has no form for as near as can be', async (t) => {
    const store = await cluster.open(t, await cluster.database());
    const odd = 'nul \0, half \ud83d, whole \u{1f680}, "quoted" \\u0000';
    await store.append(
      anAppend({ events: [resumed('d1', 1.5, odd)], tasks: [aTask(odd, { payload: { [odd]: odd } })] }),
    );
    const [event] = await store.events({ limit: 1 });
    assert.equal(event?.event.actor, odd, 'as it was, where it is JSON');
    const [task] = await store.claim(realSystem.now(), 1);
    assert.ok(task);
    assert.deepEqual(task.payload, { [odd]: odd });
    assert.equal(task.key, 'nul \uFFFD, half \uFFFD, whole \u{1f680}, "quoted" \\u0000');
    assert.equal(await store.finish(odd, task.fence), true);
    assert.equal((await store.sequenceAudit()).size, 1);
  });
});
