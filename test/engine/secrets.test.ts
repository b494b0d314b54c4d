import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import type { Runtime } from '../../src/core/release.ts';
import { identify } from '../../src/engine/revision.ts';
import { secretVersions } from '../../src/engine/secrets.ts';
import { revision } from '../core/given.ts';

const runtime: Runtime = {
  target: { type: 'process', settings: { env: { URL: 'postgres://${DB_USER}:${DB_PASSWORD}@db' } } },
  traffic: { type: 'edge', settings: {} },
  instances: 1,
};
const secretsOf = (values: Readonly<Record<string, string>>, key = 'key') => ({
  value: (name: string) => values[name],
  versionKey: Buffer.from(key),
});

describe('versions of secrets', () => {
  const values = { DB_USER: 'shop', DB_PASSWORD: 'hunter2', UNUSED: 'x' };

  it('name those that the runtime refers to, and tell nothing of their values', () => {
    const ids = secretVersions(secretsOf(values), runtime);
    assert.deepEqual(Object.keys(ids), ['DB_PASSWORD', 'DB_USER']);
    assert.match(ids['DB_PASSWORD'] ?? '', /^[0-9a-f]{16}$/);
    assert.notDeepEqual(ids, secretVersions(secretsOf(values, 'another'), runtime), 'the hash is keyed');
  });

  it('change with the value only', () => {
    const before = secretVersions(secretsOf(values), runtime);
    const rotated = secretVersions(secretsOf({ ...values, DB_PASSWORD: 'hunter3' }), runtime);
    assert.notEqual(rotated['DB_PASSWORD'], before['DB_PASSWORD']);
    assert.equal(rotated['DB_USER'], before['DB_USER']);
  });

  it('are refused while one is not set', () => {
    const missing = (error: unknown) =>
      error instanceof SpillwayError &&
      error.code === 'config_invalid' &&
      error.message.includes('DB_PASSWORD');
    assert.throws(() => secretVersions(secretsOf({ DB_USER: 'shop' }), runtime), missing);
  });
});

describe('the identity of a revision', () => {
  const { release } = revision('1.0.0');

  it('does not depend on the order of keys, nor on the version that people see', () => {
    const one = identify({ release, runtime, secrets: { A: '1', B: '2' } });
    const other = identify({
      release: { ...release, version: '9.9.9' },
      runtime,
      secrets: { B: '2', A: '1' },
    });
    assert.equal(one.digest, other.digest);
  });

  it('depends on the artifact, the configuration and every secret', () => {
    const parts = { release, runtime, secrets: { A: '1' } };
    const changed = [
      { ...parts, release: { ...release, artifact: revision('1.1.0').release.artifact } },
      { ...parts, runtime: { ...runtime, instances: 2 } },
      { ...parts, secrets: { A: '2' } },
    ];
    const digests = [parts, ...changed].map((one) => identify(one).digest);
    assert.equal(new Set(digests).size, 4);
  });
});
