import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { application, ask, listen, runEdge, sendRaw, type RunningEdge } from './parts.ts';

/** An edge before an instance that reports each request that reaches it. */
async function guarded(t: TestContext, limits = {}): Promise<{ edge: RunningEdge; reached: string[] }> {
  const reached: string[] = [];
  const port = await application(t, (req, res) => {
    reached.push(`${req.method} ${req.url}`);
    req.resume().on('end', () => res.end('ok'));
  });
  const edge = await runEdge(t, limits);
  await edge.set([{ arm: 'stable', percent: 100, ports: [port] }]);
  return { edge, reached };
}

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const attacks: Record<string, string> = {
  'both a length and a coding': `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'two different lengths': `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  'a length that is no number': `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  'a coding hidden by a space': `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a coding after a tab': `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunked that is not the last coding': `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a coding that is not passed on': `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size that is no number': `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${SMUGGLED}`,
  'a folded field': `GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n Content-Length: 5\r\n\r\n${SMUGGLED}`,
  'bare line feeds': `GET / HTTP/1.1\nHost: a\nContent-Length: ${SMUGGLED.length}\n\n${SMUGGLED}`,
  'a zero byte in a field': `GET / HTTP/1.1\r\nHost: a\r\nX-A: \x00\r\n\r\n${SMUGGLED}`,
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'two hosts': `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  'an unknown version': 'GET / HTTP/3.7\r\nHost: a\r\n\r\n',
  'a path with a space': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'the whole server': 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
};

for (const [what, bytes] of Object.entries(attacks)) {
  test(`${what}: refused, and nothing is smuggled to the instance`, async (t) => {
    const { edge, reached } = await guarded(t);
    const answer = await sendRaw(edge.port(), bytes);
    assert.match(answer, /^HTTP\/1\.1 (400|501|505)/, JSON.stringify(answer.slice(0, 100)));
    assert.deepEqual(reached, []);
    assert.equal((await ask(edge.port())).status, 200, 'the edge goes on');
  });
}

test('fields above the limit get 431', async (t) => {
  const { edge, reached } = await guarded(t);
  for (const fields of [`X-A: ${'a'.repeat(20_000)}\r\n`, 'A: b\r\n'.repeat(5000)]) {
    assert.match(await sendRaw(edge.port(), `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`), /^HTTP\/1\.1 431/);
  }
  assert.deepEqual(reached, []);
});

test('no field is lost in silence, however many there are', async (t) => {
  let count = 0;
  const server = createServer((req, res) => {
    count = req.rawHeaders.filter((name, i) => i % 2 === 0 && name === 'B').length;
    res.end();
  });
  server.maxHeadersCount = 0;
  const port = await listen(t, server);
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [port] }]);
  await sendRaw(
    edge.port(),
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'B:1\r\n'.repeat(1900)}\r\n`,
  );
  assert.equal(count, 1900);
});

test('a head that trickles in is cut off', async (t) => {
  const { edge, reached } = await guarded(t, { requestHead: 100 });
  const answer = await sendRaw(edge.port(), 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 6000);
  assert.match(answer, /^HTTP\/1\.1 408/);
  assert.deepEqual(reached, []);
});

/** An instance that answers with bytes as they are. */
async function answering(t: TestContext, bytes: string): Promise<RunningEdge> {
  const server = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const edge = await runEdge(t);
  const { port } = server.address() as AddressInfo;
  await edge.set([{ arm: 'stable', percent: 100, ports: [port] }]);
  return edge;
}

test('an answer that two parsers could read differently is not passed on', async (t) => {
  const heads = [
    'HTTP/1.1 200 OK\r\nX-A: a\x0bb\x01\r\nContent-Length: 2',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 1',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked',
  ];
  for (const head of heads) {
    const edge = await answering(t, `${head}\r\n\r\nok`);
    assert.equal((await ask(edge.port())).status, 502, head);
    assert.deepEqual([edge.count('stable-0').requests, edge.count('stable-0').errors], [1, 1]);
  }
});

test('a reason phrase that cannot be passed on is replaced', async (t) => {
  const edge = await answering(t, 'HTTP/1.1 200 Tout va bien à 5 €\r\nContent-Length: 2\r\n\r\nok');
  assert.match(await sendRaw(edge.port(), 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  assert.equal(edge.count('stable-0').errors, 0);
});
