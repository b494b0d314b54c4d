import assert from 'node:assert/strict';
import { test } from 'node:test';
import { milliseconds } from '../../src/core/time.ts';
import { hostSystem } from '../../src/exec/system.ts';

test('chance never comes twice, however much is asked for', () => {
  const seen = new Set<string>();
  for (const length of [16, 8, 4000, 16, 5000, 100]) {
    for (let i = 0; i < 300; i++) {
      const bytes = hostSystem.bytes(length);
      assert.equal(bytes.length, length);
      seen.add(Buffer.from(bytes).toString('hex'));
    }
  }
  assert.equal(seen.size, 6 * 300);
});

test('what was given stays as it was', () => {
  const first = hostSystem.bytes(16);
  const copy = [...first];
  for (let i = 0; i < 2000; i++) hostSystem.bytes(16);
  assert.deepEqual([...first], copy);
});

test('ids are UUIDs of version 7 that sort by time', async () => {
  const before = hostSystem.id();
  assert.match(before, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await hostSystem.sleep(milliseconds(5));
  assert.ok(before < hostSystem.id());
});

test('a sleep ends at once when it is called off', async () => {
  const control = new AbortController();
  const sleeping = hostSystem.sleep(milliseconds(60_000), control.signal);
  control.abort();
  await sleeping;
});
