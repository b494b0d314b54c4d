import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { hostSystem } from '../../../src/exec/system.ts';
import { createGitSource } from '../../../src/sources/git/index.ts';
import { buildWith, sourceContract, write } from '../../contracts/source.ts';
import { makeGitRig } from './rig.ts';

sourceContract('git', makeGitRig);

describe('the git source', () => {
  let rig: Awaited<ReturnType<typeof makeGitRig>>;
  let first: string;
  beforeEach(async () => {
    rig = await makeGitRig();
    write(rig.folder, 'a.txt', 'a');
    first = await rig.publish('First\n\nwith more below');
  });
  afterEach(() => rig.remove());

  it('sees a branch move, and knows commits by their beginning', async () => {
    const one = await rig.source.resolve('main');
    assert.deepEqual(one, {
      commit: first,
      version: first.slice(0, 7),
      author: 'Ada <ada@example.org>',
      subject: 'First',
    });
    const second = await rig.publish();
    for (const ref of ['main', 'refs/heads/main', 'HEAD', second, second.slice(0, 8)])
      assert.equal((await rig.source.resolve(ref)).commit, second, ref);
  });

  it('names a commit by the highest version of its tags, else by the way from the last one', async () => {
    const versionOf = async () => (await rig.source.resolve('main')).version;
    rig.git('tag', 'nightly');
    assert.equal(await versionOf(), 'nightly');
    rig.git('tag', '-a', 'v1.9.0-rc.1', '-m', 'candidate');
    rig.git('tag', 'v1.9.0');
    rig.git('tag', 'v1.10.0');
    rig.git('tag', 'v1.10.0-rc.2');
    assert.equal(await versionOf(), '1.10.0');
    rig.git('tag', '-d', 'v1.10.0', 'v1.10.0-rc.2');
    assert.equal(await versionOf(), '1.9.0', 'deleted tags are forgotten');
    const second = await rig.publish();
    assert.equal(await versionOf(), `1.9.0-rc.1-1-g${second.slice(0, 7)}`);
    assert.equal((await rig.source.resolve('v1.9.0')).commit, first);
  });

  it('says which paths differ', async () => {
    write(rig.folder, 'docs/ä "quoted" name.md', 'x');
    rig.git('mv', 'a.txt', 'b.txt');
    const second = await rig.publish();
    const paths = await rig.source.changedPaths(first, second);
    assert.deepEqual(paths, ['a.txt', 'b.txt', 'docs/ä "quoted" name.md']);
    await assert.rejects(rig.source.changedPaths('0'.repeat(40), second), { code: 'not_found' });
  });

  it('keeps a commit that was deployed when its branch has left it', async () => {
    const before = await buildWith(rig.source, first);
    rig.git('commit', '--quiet', '--amend', '-m', 'Rewritten');
    rig.git('reflog', 'expire', '--expire=now', '--all');
    rig.git('gc', '--quiet', '--prune=now');
    assert.notEqual((await rig.source.resolve('main')).commit, first);
    assert.equal(await rig.source.read(first, 'a.txt'), 'a');
    assert.deepEqual(await buildWith(rig.source, first), before);
  });

  it('fetches many times at once, also from another process’s point of view', async () => {
    const sources = [rig.source, rig.open(), rig.open()];
    const found = await Promise.all(sources.flatMap((one) => [one.resolve('main'), one.resolve('HEAD')]));
    assert.deepEqual(new Set(found.map(({ commit }) => commit)), new Set([first]));
  });

  it('goes on after a git that was killed', async () => {
    await rig.source.resolve('main');
    const second = await rig.publish();
    for (const lock of ['packed-refs.lock', 'refs/heads/main.lock', 'shallow.lock', 'HEAD.lock'])
      writeFileSync(join(rig.dir, 'mirror.git', lock), '');
    assert.equal((await rig.source.resolve('main')).commit, second);
  });

  it('is unavailable when the repository is, but still gives what it has', async () => {
    await rig.source.resolve('main');
    const moved = createGitSource({ dir: rig.dir, repository: join(rig.folder, 'none'), system: hostSystem });
    await assert.rejects(moved.resolve('main'), { code: 'unavailable' });
    assert.equal((await moved.resolve(first)).commit, first);
    assert.equal((await buildWith(moved, first)).digest, (await buildWith(rig.source, first)).digest);
  });

  it('speaks no protocol that runs commands, and takes no address for an option', async () => {
    const proof = join(rig.dir, '../proof');
    const open = (repository: string) =>
      createGitSource({ dir: join(rig.dir, 'x'), repository, system: hostSystem });
    let asked = 0;
    const listener = createServer((socket) => {
      asked += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
    for (const address of [`ext::touch ${proof}`, `http://${host}/x`, `git://${host}/x`])
      await assert.rejects(open(address).resolve('main'), { code: 'unavailable' }, address);
    listener.close();
    assert.equal(asked, 0);
    for (const address of [`--upload-pack=touch ${proof}`, '', 'a\nb'])
      assert.throws(() => open(address), { code: 'config_invalid' }, address);
    assert.equal(existsSync(proof), false);
  });

  it('builds where git can be asked for the version', async () => {
    rig.git('tag', 'v2.0.0');
    const second = await rig.publish();
    const script = 'mkdir out; git describe --tags > out/version; env > out/env';
    const { folder } = await buildWith(rig.source, second, { path: 'out', build: ['sh', '-c', script] });
    assert.equal(readFileSync(join(folder, 'version'), 'utf8'), `v2.0.0-1-g${second.slice(0, 7)}\n`);
    const env = readFileSync(join(folder, 'env'), 'utf8');
    assert.match(env, new RegExp(`^SPILLWAY_COMMIT=${second}$`, 'm'));
    assert.match(env, new RegExp(`^SPILLWAY_VERSION=2.0.0-1-g${second.slice(0, 7)}$`, 'm'));
    const at = execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: rig.folder,
      encoding: 'utf8',
    }).trim();
    assert.match(env, new RegExp(`^SOURCE_DATE_EPOCH=${at}$`, 'm'));
  });

  it('gives the same whatever git is configured to, and runs no hook', async () => {
    write(rig.folder, 'lines.txt', 'one\ntwo\n');
    const second = await rig.publish();
    const plain = await buildWith(rig.source, second);
    const home = join(rig.dir, 'home');
    const proof = join(rig.dir, 'proof');
    write(home, 'hooks/post-checkout', `#!/bin/sh\ntouch ${proof}\n`, 0o755);
    write(home, 'hooks/reference-transaction', `#!/bin/sh\ntouch ${proof}\n`, 0o755);
    write(
      home,
      '.gitconfig',
      `[core]\nhooksPath = ${home}/hooks\nautocrlf = true\n[log]\nshowSignature = true\n`,
    );
    const { HOME } = process.env;
    process.env['HOME'] = home;
    const configured = rig.open();
    process.env['HOME'] = HOME;
    assert.equal((await configured.resolve('main')).commit, second);
    assert.deepEqual(await buildWith(configured, second), plain);
    assert.equal(existsSync(proof), false);
  });

  it('gives subjects without what could command a terminal', async () => {
    const commit = await rig.publish('Red \u001b[31malert\u0007');
    assert.equal((await rig.source.resolve(commit)).subject, 'Red  [31malert ');
  });
});
