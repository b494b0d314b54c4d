import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { UpOptions } from '../../src/cli/context.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { run, temporaryFolder, type RunOptions } from '../support/running-cli.ts';
import { anAppend, resumed } from '../support/store-samples.ts';

const KEY = 'a key that the operator keeps';
const env = { SPILLWAY_BACKUP_KEY: KEY };

/** A data folder with a store, and a command line beside it. */
async function begun(t: TestContext) {
  const cwd = await temporaryFolder(t);
  const store = await openSqliteStore({ dir: join(cwd, '.spillway'), chance: hostSystem });
  await store.append(anAppend({ events: [resumed('d1'), resumed('d1')] }));
  await store.close();
  const spillway = (line: string, options: RunOptions = {}) =>
    run(line.split(' '), { ...options, io: { cwd, env, now: Date.now, ...options.io } });
  return { cwd, spillway };
}

test('backup says what it has made, verify what it holds, and restore what comes next', async (t) => {
  const { cwd, spillway } = await begun(t);
  const made = await spillway('backup');
  assert.equal(made.code, 0, made.err);
  const [name = ''] = readdirSync(cwd).filter((entry) => /^spillway-\d{8}T\d{6}Z\.backup$/.test(entry));
  assert.match(
    made.out,
    /^backed up and proved: .*\.backup\nmade .*Z by Spillway 0\.1\.0\n2 events, 2 audit entries, root [0-9a-f]{64}\nstore\.db\n$/,
  );
  const verified = await spillway(`backup verify ${name} -o json`);
  const told = JSON.parse(verified.out) as { events: number; holds: object };
  assert.deepEqual([told.events, told.holds], [2, { 'store.db': 1 }]);

  const refused = await spillway(`restore ${name}`);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /something already: store\.db[^]*--replace/);
  const replaced = await spillway(`restore ${name} --replace`);
  assert.match(replaced.out, /what was there is now in .*replaced-/);
  const fresh = await spillway(`--data fresh restore ${name}`);
  assert.match(
    fresh.out,
    /^restored and proved: .*fresh\n2 events[^]*What happened after .* is not known[^]*next: spillway up\n$/,
  );
  assert.ok(existsSync(join(cwd, 'fresh', 'store.db')));
});

test('backup wants a key, from a file or the environment, and tells it to nobody', async (t) => {
  const { cwd, spillway } = await begun(t);
  const without = { io: { env: {} } };
  const none = await spillway('backup b', without);
  assert.equal(none.code, 2);
  assert.match(none.err, /no key to seal it with[^]*--key-file FILE or SPILLWAY_BACKUP_KEY/);
  assert.deepEqual(readdirSync(cwd), ['.spillway']);
  writeFileSync(join(cwd, 'key'), `${KEY}\n`);
  writeFileSync(join(cwd, 'short'), 'short');
  assert.match((await spillway('backup b --key-file short', without)).err, /5 characters is too short/);
  assert.match((await spillway('backup b --key-file nowhere', without)).err, /key file cannot be read/);
  assert.equal((await spillway('backup b --key-file key', without)).code, 0);
  for (const line of [
    'backup verify b',
    'backup --key-file key verify b',
    'backup verify b --key-file key',
  ]) {
    const found = await spillway(line, line.includes('key') ? without : {});
    assert.equal(found.code, 0, `${line}: ${found.err}`);
    assert.ok(!`${found.out}${found.err}`.includes(KEY));
  }
  assert.match((await spillway('backup verify b', without)).err, /the backup is encrypted/);
  const wrong = await spillway('backup verify b', {
    io: { env: { SPILLWAY_BACKUP_KEY: 'not the key it was made with' } },
  });
  assert.equal(wrong.code, 4);
  assert.ok(!wrong.err.includes('not the key it was'));
  const open = await spillway('backup open --unencrypted', without);
  assert.match(open.out, /not encrypted: it holds keys and secrets for everybody to read/);
  assert.equal((await spillway('backup verify open', without)).code, 0);
});

test('store copy and store migrate say what they did, and no password', async (t) => {
  const { cwd, spillway } = await begun(t);
  const copied = await spillway('store copy --from .spillway --to other');
  assert.equal(copied.code, 0, copied.err);
  assert.match(copied.out, /^copied and proved\n[^]* events +2\n[^]*2 audit entries, root [0-9a-f]{64}\n$/);
  assert.match((await spillway('store copy --from .spillway --to other')).err, /a store already/);
  const elsewhere = await spillway('store copy --from .spillway --to mysql://me:secret@host/db');
  assert.equal(elsewhere.code, 2);
  const refused = await spillway('store copy --from .spillway --to postgres://me:secret@127.0.0.1:1/db');
  assert.match(refused.err, /postgres:\/\/127\.0\.0\.1:1\/db/);
  for (const { out, err } of [elsewhere, refused]) assert.ok(!`${out}${err}`.includes('secret'));
  assert.match((await spillway('store migrate --check')).out, /^form \d+, which is the present one\n$/);
  assert.equal((await spillway('--data nowhere store migrate')).code, 1);
  assert.ok(!existsSync(join(cwd, 'nowhere')));
});

test('up hands on where to back up to, and wants a key for it', async (t) => {
  const { cwd, spillway } = await begun(t);
  writeFileSync(join(cwd, 'spillway.yaml'), '');
  let asked: UpOptions['backups'] | undefined;
  const commands: RunOptions['commands'] = {
    startServer: (options) => {
      asked = options.backups;
      return Promise.reject(new Error('enough'));
    },
  };
  await spillway('up', { commands });
  assert.equal(asked, null);
  await spillway('up --backup-to kept --backup-every 90s --backup-keep 3', { commands });
  assert.deepEqual(asked, { dir: join(cwd, 'kept'), every: 90_000, keep: 3, key: KEY });
  asked = undefined;
  for (const [line, said] of [
    ['up --backup-to kept --backup-every soon', /--backup-every is a duration/],
    ['up --backup-to kept --backup-keep 0', /--backup-keep is a whole number from 1/],
  ] as const)
    assert.match((await spillway(line, { commands })).err, said);
  assert.match(
    (await spillway('up --backup-to kept', { commands, io: { env: {} } })).err,
    /no key to seal it with/,
  );
  assert.equal(asked, undefined);
  assert.doesNotMatch(readFileSync(join(cwd, 'spillway.yaml'), 'utf8'), /./);
});
