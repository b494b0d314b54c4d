import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { applicationName, artifactDigest, effectKey } from '../../src/core/ids.ts';
import type { ArtifactPlan } from '../../src/core/plan.ts';
import type { Artifact, Source } from '../../src/ports/source.ts';
import { processesWith } from '../targets/rig.ts';

/** A source to try, with what it takes its releases from. */
export interface SourceRig {
  readonly source: Source;
  /** Where files are written before `publish`. */
  readonly folder: string;
  /** Makes what is in the folder a release. @returns its commit */
  publish(): Promise<string>;
  /** A ref that means what was published last. */
  readonly ref: string;
  /** Where the source keeps its things. */
  readonly dir: string;
  remove(): Promise<void>;
}

export const write = (folder: string, path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text, { mode });
};

let builds = 0;

/** Builds under a key of its own. */
export const buildWith = (
  source: Source,
  commit: string,
  plan: Partial<ArtifactPlan> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Artifact> =>
  source.build(
    effectKey(`d1/${++builds}`),
    applicationName('shop'),
    commit,
    { path: '.', build: null, ...plan },
    signal,
  );

/** What the port promises, whatever stands behind it. */
export function sourceContract(name: string, make: () => Promise<SourceRig>): void {
  describe(`the contract of a source: ${name}`, () => {
    let rig: SourceRig;
    let source: Source;
    let commit: string;

    beforeEach(async () => {
      rig = await make();
      source = rig.source;
      write(rig.folder, 'spillway.yaml', 'application: shop\n');
      write(rig.folder, 'server.js', 'one\n');
      write(rig.folder, 'bin/run', '#!/bin/sh\n', 0o755);
      commit = await rig.publish();
    });
    afterEach(() => rig.remove());

    const build = (plan?: Partial<ArtifactPlan>, signal?: AbortSignal) =>
      buildWith(source, commit, plan, signal);

    it('resolves what was published, and says so twice', async () => {
      const found = await source.resolve(rig.ref);
      assert.equal(found.commit, commit);
      assert.match(found.version, /^[0-9a-f]{7,}$/);
      assert.notEqual(found.author, '');
      assert.deepEqual(await source.resolve(rig.ref), found);
    });

    for (const ref of [
      'no-such-branch',
      'refs/heads/none',
      '-rf',
      '--upload-pack=touch x',
      'a..b',
      'main\nx',
      'a b',
    ])
      it(`knows no ${JSON.stringify(ref)}`, () => assert.rejects(source.resolve(ref), { code: 'not_found' }));

    it('reads a file, and nothing where there is none', async () => {
      assert.equal(await source.read(commit, 'spillway.yaml'), 'application: shop\n');
      for (const path of [
        'none',
        'bin',
        'bin/',
        '../spillway.yaml',
        '/etc/passwd',
        '',
        '--help',
        'bin/../none',
      ])
        assert.equal(await source.read(commit, path), undefined, path);
    });

    it('names every path where nothing was before', async () => {
      assert.deepEqual(await source.changedPaths(null, commit), ['bin/run', 'server.js', 'spillway.yaml']);
    });

    it('builds an artifact without its configuration and its history, and keeps it', async () => {
      const artifact = await build();
      assert.match(artifact.digest, /^sha256:[0-9a-f]{64}$/);
      assert.deepEqual(
        new Set(readdirSync(artifact.folder, { recursive: true, encoding: 'utf8' })),
        new Set(['bin', 'server.js', 'bin/run']),
      );
      assert.equal(statSync(join(artifact.folder, 'bin/run')).mode & 0o777, 0o555);
      assert.equal(statSync(join(artifact.folder, 'server.js')).mode & 0o777, 0o444);
      assert.deepEqual(await source.artifact(artifact.digest), artifact);
      assert.deepEqual(readdirSync(join(rig.dir, 'work')), [], 'nothing else is left');
    });

    it('gives the same content the same digest, also at the same time', async () => {
      const [one, two] = await Promise.all([build(), build()]);
      assert.deepEqual(one, two);
      write(rig.folder, 'spillway.yaml', 'application: renamed\n');
      commit = await rig.publish();
      assert.deepEqual(await build(), one, 'configuration has no part in it');
      write(rig.folder, 'server.js', 'two\n');
      commit = await rig.publish();
      assert.notEqual((await build()).digest, one.digest);
      assert.equal(readFileSync(join(one.folder, 'server.js'), 'utf8'), 'one\n');
    });

    it('runs the build in a checkout of its own, with little else than its variables', async () => {
      process.env['SPILLWAY_MASTER_KEY'] = 'not for builds';
      const script = 'mkdir dist && env > dist/env && echo built > dist/server.js && rm server.js';
      const artifact = await build({ path: 'dist', build: ['sh', '-c', script] });
      delete process.env['SPILLWAY_MASTER_KEY'];
      assert.deepEqual(new Set(readdirSync(artifact.folder)), new Set(['env', 'server.js']));
      assert.doesNotMatch(readFileSync(join(artifact.folder, 'env'), 'utf8'), /MASTER/);
      assert.equal(await source.read(commit, 'server.js'), 'one\n');
      assert.equal(existsSync(join(rig.folder, 'dist')), false);
    });

    it('says why a build failed, with the last lines of its output', async () => {
      const script = 'for i in $(seq 1 100); do echo line $i; done; echo "no such module" >&2; exit 2';
      await assert.rejects(build({ build: ['sh', '-c', script] }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'command_failed');
        assert.match(error.message, /^the build exited with code 2\n/);
        assert.match(error.message, /line 100/);
        assert.match(error.message, /no such module/);
        assert.doesNotMatch(error.message, /line 50/);
        return true;
      });
      await assert.rejects(build({ build: ['no-such-tool'] }), { code: 'command_failed' });
      assert.deepEqual(readdirSync(join(rig.dir, 'work')), []);
    });

    it('ends a build when its time is over, with all that it started', async () => {
      const marked = 'SPILLWAY_APPLICATION=shop';
      const control = new AbortController();
      setTimeout(() => control.abort(), 300);
      const script = 'setsid sleep 600 & sleep 600';
      await assert.rejects(build({ build: ['sh', '-c', script] }, control.signal), { code: 'timeout' });
      assert.deepEqual(processesWith(marked), []);
      await assert.rejects(build({}, AbortSignal.abort()), { code: 'timeout' });
    });

    it('refuses a folder that is not there or not inside', async () => {
      for (const path of ['dist', '..', '../..', 'server.js', 'bin/../..'])
        await assert.rejects(build({ path }), { code: 'config_invalid' }, path);
      const link = ['sh', '-c', 'ln -s / out'];
      await assert.rejects(build({ path: 'out', build: link }), { code: 'config_invalid' });
      await assert.rejects(build({ path: 'empty', build: ['mkdir', 'empty'] }), { code: 'config_invalid' });
    });

    it('keeps links that stay inside, and refuses others', async () => {
      symlinkSync('../server.js', join(rig.folder, 'bin/link'));
      commit = await rig.publish();
      const { folder } = await build();
      assert.equal(readFileSync(join(folder, 'bin/link'), 'utf8'), 'one\n');
      assert.equal(await source.read(commit, 'bin/link'), undefined, 'a link is no file');
      for (const [target, more] of [
        ['/etc/passwd', ''],
        ['../../x', ''],
        ['..', ''],
        ['through/../../../x', 'mkdir -p a/b && ln -s a/b through && '],
        ['/proc/self/root', ''],
        ['deep/er/up/../../source', 'mkdir -p deep/er && ln -s ../.. deep/er/up && '],
        ['deep/er/up/../../nothing', 'mkdir -p deep/er && ln -s ../.. deep/er/up && '],
      ]) {
        const plan = { build: ['sh', '-c', `${more}ln -s ${target} escape`] };
        await assert.rejects(build(plan), { code: 'config_invalid' }, target);
      }
      await assert.rejects(build({ build: ['mkfifo', 'pipe'] }), { code: 'config_invalid' });
    });

    it('has no artifact that was not built', async () => {
      for (const digest of [`sha256:${'0'.repeat(64)}`, 'sha256:../../..', ''])
        await assert.rejects(source.artifact(artifactDigest(digest)), { code: 'not_found' });
    });
  });
}
