import assert from 'node:assert/strict';
import test from 'node:test';
import { answer } from './pages.js';
import { priceOf } from './prices.js';

test('the service says that it is well', async () => {
  assert.equal((await answer('GET', '/health')).status, 200);
});

test('an unknown page is not found', async () => {
  assert.equal((await answer('GET', '/nothing')).status, 404);
});

test('a product has a price', () => {
  assert.ok(Number.isInteger(priceOf(1)));
});
