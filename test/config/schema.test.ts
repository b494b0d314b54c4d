import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { adapters } from './adapters.ts';

test('schema/spillway.schema.json is up to date (node scripts/schema.ts writes it)', () => {
  const kept = readFileSync(new URL('../../schema/spillway.schema.json', import.meta.url), 'utf8');
  assert.equal(kept, `${JSON.stringify(configJsonSchema(adapters), null, 2)}\n`);
});

test('it names the keys, refuses those that are not available, and knows the adapters', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema(adapters)));
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.properties.workflows, { not: {} });
  assert.ok(schema.properties.target.properties.command);
  const { environments } = schema.properties;
  assert.ok(environments.additionalProperties.properties.traffic.properties.listen);
  assert.deepEqual(environments.additionalProperties.properties.strategy.enum, ['canary', 'immediate']);
});
