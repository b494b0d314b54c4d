import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { Load } from '../../demo/load-process.ts';

const PER_SECOND = 200;

async function under(t: TestContext, listener: RequestListener, seconds = 1): Promise<Load> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const load = new Load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, PER_SECOND, seconds);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  while (!load.broken) await new Promise((resolve) => setTimeout(resolve, 20));
  return load;
}

test('every request is counted for the version that answered it', async (t) => {
  const shown: string[] = [];
  let number = 0;
  const load = await under(t, (request, response) => {
    if (request.headers.cookie !== undefined) shown.push(request.headers.cookie);
    number++;
    response.writeHead(number % 10 === 0 ? 500 : 200, {
      'x-shop-version': number % 2 === 0 ? 'old' : 'new',
      'set-cookie': `spillway=${number}; Path=/`,
    });
    response.end('{}');
  });
  assert.equal(load.requests, PER_SECOND);
  assert.equal(load.dropped, 0);
  assert.deepEqual([load.of('old').requests, load.of('new').requests], [100, 100]);
  assert.deepEqual([load.of('old').failed, load.of('new').failed], [20, 0]);
  assert.ok(Math.abs(load.of('new').lastSentAt - Date.now()) < 5000);
  assert.match(shown[0] ?? '', /^spillway=\d+$/);
});

test('what no version has answered is dropped, with its reason', async (t) => {
  let number = 0;
  const load = await under(t, (request, response) => {
    number++;
    const kind = number % 4;
    if (kind === 0) return request.socket.destroy();
    if (kind === 1) return response.writeHead(502).end();
    if (kind === 2) {
      response.writeHead(200, { 'x-shop-version': 'new', 'content-length': '100' });
      return response.write('{', () => request.socket.destroy());
    }
    return response.writeHead(404, { 'x-shop-version': 'new' }).end();
  });
  assert.equal(load.dropped, PER_SECOND);
  assert.equal(load.of('new').requests, 0);
  const reasons = new Set(load.drops.map(({ what }) => what));
  assert.ok(reasons.has('502 that the shop did not give'), [...reasons].join());
  assert.ok(reasons.has('404 of new'), [...reasons].join());
  assert.ok(
    [...reasons].some((reason) => reason.startsWith('UND_ERR_')),
    [...reasons].join(),
  );
});

test('it ends when it is asked to, with what is under way', async (t) => {
  const server = createServer((_request, response) => {
    setTimeout(() => response.writeHead(200, { 'x-shop-version': 'new' }).end('{}'), 100);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const load = new Load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, PER_SECOND, 60);
  while (load.requests === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await load.stop();
  assert.equal(load.broken, true);
  assert.equal(load.dropped, 0);
  assert.equal(load.of('new').requests, load.requests);
});
