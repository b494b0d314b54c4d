import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { hostSystem } from '../../../src/exec/system.ts';
import { createFolderSource } from '../../../src/sources/folder/index.ts';
import { buildWith, sourceContract, write } from '../../contracts/source.ts';

async function makeRig(inside = 'data') {
  const root = mkdtempSync(join(tmpdir(), 'spillway-folder-'));
  const folder = join(root, 'app');
  const dir = join(root, inside);
  mkdirSync(folder);
  return {
    source: createFolderSource({ dir, folder, system: hostSystem }),
    folder,
    dir,
    publish: async () => '',
    ref: 'HEAD',
    remove: async () => rmSync(root, { recursive: true }),
  };
}

sourceContract('folder', makeRig);

it('takes no part of its own data, of .git, or of what a link leads to', async () => {
  const rig = await makeRig('app/.spillway');
  write(rig.folder, 'index.html', 'hello');
  write(rig.folder, '.git/HEAD', 'ref: refs/heads/main');
  const before = await rig.source.resolve('');
  const first = await buildWith(rig.source, '');
  assert.deepEqual(await buildWith(rig.source, ''), first);
  assert.deepEqual(await rig.source.changedPaths(null, ''), ['index.html']);
  assert.equal((await rig.source.resolve('')).version, before.version);
  symlinkSync('/etc', join(rig.folder, 'outside'));
  assert.equal(await rig.source.read('', 'outside/passwd'), undefined);
  await assert.rejects(rig.source.read('c'.repeat(40), 'index.html'), { code: 'not_found' });
  await rig.remove();
});

it('takes no part of a data folder around its own, whatever lies there', async () => {
  const rig = await makeRig('app/.spillway/sources/shop');
  const leaveOut = join(rig.folder, '.spillway');
  const { dir, folder } = rig;
  const source = createFolderSource({ dir, leaveOut, folder, system: hostSystem });
  write(folder, 'index.html', 'hello');
  const before = await source.resolve('');
  const socket = createServer().listen(join(folder, 'listening'));
  await once(socket, 'listening');
  await assert.rejects(source.resolve(''), /not a file, folder or symbolic link/);
  socket.close();
  write(folder, '.spillway/signing.key', 'known to nobody');
  assert.equal((await source.resolve('')).version, before.version);
  assert.deepEqual(await source.changedPaths(null, ''), ['index.html']);
  await buildWith(source, '');
  await rig.remove();
});
