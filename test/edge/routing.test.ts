import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { parseRouting } from '../../src/edge/routing.ts';
import { readState, writeState } from '../../src/edge/state.ts';
import { routingOf, tempDir } from './parts.ts';

const good = routingOf([
  { arm: 'stable', percent: 90, ports: [1001] },
  { arm: 'canary', percent: 10, ports: [1002] },
]);
const [stable, canary] = good.arms;
const endpoint = stable?.endpoints[0];

const refused: Record<string, { routing: unknown; where: string }> = {
  'no object': { routing: null, where: 'routing' },
  'no list of arms': { routing: { ...good, arms: undefined }, where: 'arms' },
  'a sum of 90%': { routing: { ...good, arms: [stable] }, where: 'arms' },
  'a sum of 110%': { routing: { ...good, arms: [stable, { ...canary, weight: 2000 }] }, where: 'arms' },
  'a negative weight': {
    routing: { ...good, arms: [stable, { ...canary, weight: -1 }] },
    where: 'arms[1].weight',
  },
  'half a place': {
    routing: { ...good, arms: [stable, { ...canary, weight: 999.5 }] },
    where: 'arms[1].weight',
  },
  'a weight as text': {
    routing: { ...good, arms: [stable, { ...canary, weight: '1000' }] },
    where: 'arms[1].weight',
  },
  'weight without endpoint': {
    routing: { ...good, arms: [stable, { ...canary, endpoints: [] }] },
    where: 'arms[1]',
  },
  'an unknown arm': {
    routing: { ...good, arms: [stable, { ...canary, arm: 'blue' }] },
    where: 'arms[1].arm',
  },
  'an arm twice': { routing: { ...good, arms: [stable, { ...canary, arm: 'stable' }] }, where: 'arms' },
  'a port of 70000': {
    routing: { ...good, arms: [{ ...stable, endpoints: [{ ...endpoint, port: 70_000 }] }, canary] },
    where: 'arms[0].endpoints[0].port',
  },
  'a host with a path': {
    routing: { ...good, arms: [{ ...stable, endpoints: [{ ...endpoint, host: 'a/b' }] }, canary] },
    where: 'arms[0].endpoints[0].host',
  },
  'a cookie name with a line break': {
    routing: { ...good, sticky: { by: 'cookie', name: 'a\r\nb' } },
    where: 'sticky.name',
  },
  'an unknown stickiness': { routing: { ...good, sticky: { by: 'address' } }, where: 'sticky.by' },
  'no rollout': { routing: { ...good, rollout: '' }, where: 'rollout' },
};

test('a good routing is taken as it is', () => {
  assert.deepEqual(parseRouting(JSON.parse(JSON.stringify(good))), good);
});

for (const [what, { routing, where }] of Object.entries(refused)) {
  test(`${what} is refused at ${where}`, () => {
    assert.throws(
      () => parseRouting(routing),
      (error) => error instanceof SpillwayError && error.code === 'config_invalid' && error.where === where,
    );
  });
}

test('a state is read as it was written', async (t) => {
  const file = join(tempDir(t), 'state.json');
  assert.deepEqual(await readState(file), []);
  await writeState(file, [{ routing: good, fence: 7 }]);
  await writeState(file, [{ routing: good, fence: 8 }]);
  assert.deepEqual(await readState(file), [{ routing: good, fence: 8 }]);
});

test('a damaged state is an error, never an empty list of routes', async (t) => {
  const file = join(tempDir(t), 'state.json');
  await writeState(file, [{ routing: good, fence: 7 }]);
  const whole = readFileSync(file, 'utf8');
  for (const damaged of [
    whole.slice(0, -10),
    '',
    '{"version":2,"routes":[]}',
    whole.replace('9000', '9001'),
  ]) {
    writeFileSync(file, damaged);
    await assert.rejects(
      readState(file),
      (error) => error instanceof SpillwayError && error.code === 'corrupt',
    );
  }
});
