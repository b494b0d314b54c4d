import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applicationName } from '../../src/core/ids.ts';
import { Configurations } from '../../src/engine/intake/configuration.ts';
import type { World } from '../../src/engine/world.ts';
import type { Source } from '../../src/ports/source.ts';
import { adapterSchemas } from '../../src/server/project.ts';
import { MemorySource } from './support/memory-source.ts';

const shop = applicationName('shop');
const YAML =
  'application: shop\ntarget: { type: process, command: node server.js }\ntraffic: { listen: 8080 }\n';

const schemas = await adapterSchemas();

/** Counts what is read of the source that it stands before. */
class CountedSource extends MemorySource {
  reads = 0;

  override async read(commit: string): Promise<string | undefined> {
    this.reads++;
    return commit === '' ? YAML : await super.read(commit);
  }
}

/** As much of a world as configurations need. */
const worldWith = (set: Set<string>) =>
  ({
    schemas,
    secrets: { value: (name: string) => (set.has(name) ? 'set' : undefined), versionKey: new Uint8Array() },
  }) as unknown as World;

const at = (configurations: Configurations, source: Source, commit: string) =>
  configurations.at(shop, source, commit);

it('the configuration of a commit is read once, however many events tell of it', async () => {
  const source = new CountedSource();
  const [first, second] = [source.commit('1.0.0', YAML), source.commit('1.1.0', YAML)];
  const configurations = new Configurations(worldWith(new Set()));
  for (const commit of [first, first, second, first]) await at(configurations, source, commit);
  assert.equal(source.reads, 2);
});

it('a plain folder, which has no commit, is read every time', async () => {
  const source = new CountedSource();
  const configurations = new Configurations(worldWith(new Set()));
  await at(configurations, source, '');
  await at(configurations, source, '');
  assert.equal(source.reads, 2);
});

it('a secret that is set meanwhile counts, although the commit was read before', async () => {
  const source = new MemorySource();
  const commit = source.commit('1.0.0', YAML.replace(' }', ", env: { TOKEN: '${HOOK}' } }"));
  const set = new Set<string>();
  const configurations = new Configurations(worldWith(set));
  const before = await at(configurations, source, commit);
  assert.equal(before.ok, false);
  set.add('HOOK');
  assert.equal((await at(configurations, source, commit)).ok, true);
});

it('only so many are remembered, the newest', async () => {
  const source = new CountedSource();
  const commits = Array.from({ length: 65 }, (_, n) => source.commit(`1.0.${n}`, YAML));
  const configurations = new Configurations(worldWith(new Set()));
  for (const commit of commits) await at(configurations, source, commit);
  await at(configurations, source, commits[64] ?? '');
  assert.equal(source.reads, 65);
  await at(configurations, source, commits[0] ?? '');
  assert.equal(source.reads, 66);
});
