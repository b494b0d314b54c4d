import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePort } from '../support/free-port.ts';

const SHOP = join(import.meta.dirname, '..', '..', 'examples', 'shop');

async function open(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const shop = spawn(process.execPath, ['server.js'], {
    cwd: SHOP,
    env: { PORT: String(port), SPILLWAY_VERSION: '1.2.3', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => shop.kill('SIGKILL'));
  await once(shop.stdout, 'data');
  return { shop, url: `http://127.0.0.1:${port}` };
}

const ask = (url: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, product) => {
      const response = await fetch(`${url}/products/${product}`);
      await response.arrayBuffer();
      return response.status;
    }),
  );

test('the shop answers with its version, and fails now and then', async (t) => {
  const { url } = await open(t);
  const health = await fetch(`${url}/health`);
  assert.deepEqual([health.status, health.headers.get('x-shop-version')], [200, '1.2.3']);
  const order = await fetch(`${url}/orders/7`, { method: 'POST' });
  assert.equal(order.status, 201);
  const statuses = await ask(url, 1000);
  const failed = statuses.filter((status) => status === 500).length;
  assert.ok(failed >= 1 && failed <= 15, `${failed} of 1000 failed`);
  assert.equal(statuses.filter((status) => status === 200).length, 1000 - failed);
});

test('a warehouse that gets no time makes nearly every page fail, but not the health check', async (t) => {
  const { url } = await open(t, { WAREHOUSE_TIMEOUT: '5' });
  const statuses = await ask(url, 100);
  assert.ok(statuses.filter((status) => status === 500).length >= 90);
  assert.equal((await fetch(`${url}/health`)).status, 200);
});

test('a shop that is told to end finishes what has begun', async (t) => {
  const { shop, url } = await open(t);
  // What has not begun by then may be refused; what has begun must come to its end.
  const begun = Array.from({ length: 50 }, () => fetch(`${url}/products/1`).catch(() => undefined));
  await Promise.race(begun);
  const exit = once(shop, 'exit');
  shop.kill('SIGTERM');
  const answers = (await Promise.all(begun)).filter((answer) => answer !== undefined);
  assert.ok(answers.length > 0);
  for (const answer of answers) assert.ok((await answer.text()).length > 0);
  assert.deepEqual(await exit, [0, null]);
});
