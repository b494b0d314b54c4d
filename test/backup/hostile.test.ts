import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { verifyBackup } from '../../src/backup/index.ts';
import { seal } from '../../src/backup/seal.ts';
import { unpack } from '../../src/backup/unpack.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { allOf, folderOf, piecesOf, says, sha256 } from './support.ts';

const CONTENT = Buffer.from('whatever');
const STORE = { form: 1, events: 0, size: 0, root: '0'.repeat(64), checkpoint: null };
const MANIFEST = { made: '2026-11-20T20:00:00.000Z', spillway: '1.0.0', store: STORE };

const file = (name: string, more: object = {}) => ({
  kind: 'file',
  name,
  mode: 0o600,
  size: CONTENT.length,
  sha256: sha256(CONTENT),
  ...more,
});
const STORE_DB = file('store.db');

interface Forged {
  readonly parts?: readonly object[];
  readonly manifest?: object;
  /** What follows the manifest. */
  readonly contents?: Buffer;
  readonly length?: number;
}

/** A backup that anybody may have written: an open one, as it says whatever its writer likes. */
async function forge(
  t: TestContext,
  { parts, manifest, contents = CONTENT, length }: Forged,
): Promise<string> {
  const text = Buffer.from(JSON.stringify({ ...MANIFEST, parts: parts ?? [STORE_DB], ...manifest }));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length ?? text.length);
  const path = join(folderOf(t), 'forged.backup');
  writeFileSync(
    path,
    await allOf(seal(null, piecesOf(zstdCompressSync(Buffer.concat([head, text, contents]))))),
  );
  return path;
}

async function refused(t: TestContext, forged: Forged, code: ErrorCode, message: RegExp): Promise<void> {
  const backup = await forge(t, forged);
  const inside = join(folderOf(t), 'a', 'b');
  mkdirSync(inside, { recursive: true });
  await assert.rejects(unpack(backup, null, inside), says(code, message));
  assert.deepEqual(readdirSync(dirname(inside)), ['b'], 'nothing beside the folder');
}

describe('a hostile backup', () => {
  it('is made by these tests as an honest one is, but for what each changes', async (t) => {
    const into = folderOf(t);
    const { parts } = await unpack(await forge(t, {}), null, into);
    assert.equal(parts.length, 1);
    assert.deepEqual(readdirSync(into), ['store.db']);
  });

  for (const name of [
    '../escaped',
    'secrets/../../escaped',
    '/etc/escaped',
    'secrets/../store.db',
    'secrets//A',
    'secrets/.',
    './store.db',
    '',
    'secrets',
    'secrets/A/B',
    'secrets/A\u0000B',
    `secrets/${'x'.repeat(300)}`,
    'owner.lock',
    'spillway.yaml',
    'git/hello.git/hooks/post-receive',
    'apps/a/b/current',
    'apps/a/b/instances/1/pid',
    `apps/a/b/releases/${'x/'.repeat(3000)}y`,
  ])
    it(`cannot name a part ${JSON.stringify(name.slice(0, 40))}`, (t) =>
      refused(t, { parts: [STORE_DB, file(name)] }, 'corrupt', /no path that a backup may hold/));

  it('cannot write through a link that it brings', async (t) => {
    const link = { kind: 'link', name: 'apps/a/b/releases/r/out', to: '/tmp' };
    for (const below of ['apps/a/b/releases/r/out/escaped', 'apps/a/b/releases/r/out/x/escaped'])
      await refused(t, { parts: [STORE_DB, link, file(below)] }, 'corrupt', /below a part that is no folder/);
    const nested = [file('apps/a/b/releases/r'), file('apps/a/b/releases/r/f')];
    await refused(t, { parts: [STORE_DB, ...nested] }, 'corrupt', /below a part that is no folder/);
  });

  it('cannot name a part twice, or one content with two sizes', async (t) => {
    await refused(t, { parts: [STORE_DB, STORE_DB] }, 'corrupt', /twice/);
    const other = file('signing.key', { size: 3 });
    await refused(t, { parts: [STORE_DB, other] }, 'corrupt', /another size/);
  });

  it('cannot bring modes that let a file run as somebody else', (t) =>
    refused(t, { parts: [file('store.db', { mode: 0o4755 })] }, 'corrupt', /list of parts is not sound/));

  it('cannot claim more than the disk has room for', (t) =>
    refused(t, { parts: [file('store.db', { size: 2 ** 52 })] }, 'too_large', /MB, and the disk has/));

  it('cannot claim sizes that are none', async (t) => {
    for (const size of [-1, 1.5, 2 ** 60, '8', null])
      await refused(t, { parts: [file('store.db', { size })] }, 'corrupt', /list of parts is not sound/);
  });

  it('cannot make its list of parts larger than any', async (t) => {
    await refused(t, { length: 2 ** 32 - 1 }, 'corrupt', /too long/);
    await refused(t, { length: 5 }, 'corrupt', /list of parts/);
    await refused(t, { length: 5000 }, 'corrupt', /less in it than it says/);
  });

  it('cannot hold less or more than it lists', async (t) => {
    await refused(t, { contents: CONTENT.subarray(1) }, 'corrupt', /less in it than it says/);
    await refused(t, { contents: Buffer.from('changed!') }, 'corrupt', /store\.db is not what it was/);
    await refused(t, { contents: Buffer.alloc(64 * 1024 * 1024) }, 'corrupt', /not what it was/);
    await refused(t, { contents: Buffer.concat([CONTENT, CONTENT]) }, 'corrupt', /more in it than it says/);
  });

  it('cannot do without a store, or with one that is none', async (t) => {
    await refused(t, { parts: [file('signing.key')] }, 'corrupt', /no store/);
    await refused(t, { parts: [{ kind: 'folder', name: 'store.db' }] }, 'corrupt', /no store/);
    await assert.rejects(verifyBackup(await forge(t, {}), null), says('corrupt', /damaged|not a database/));
  });

  it('cannot be a text of another form', (t) =>
    refused(t, { manifest: { parts: 'all' } }, 'corrupt', /list of parts is not sound/));

  it('is named where there is none', async (t) => {
    const missing = join(folderOf(t), 'none');
    await assert.rejects(verifyBackup(missing, null), says('not_found', /no such file/));
    assert.ok(!existsSync(missing));
  });
});
