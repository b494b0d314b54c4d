import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { application, ask, pause, runEdge, sendRaw, until } from './parts.ts';

const stableOn = (port: number) => [{ arm: 'stable' as const, percent: 100, ports: [port] }];

test('method, path, fields and body arrive; the connection’s own fields do not', async (t) => {
  let seen: IncomingMessage | undefined;
  let body = '';
  const port = await application(t, (req, res) => {
    seen = req;
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => res.end('done'));
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const headers = {
    host: 'shop.example',
    connection: 'close, X-Private',
    'x-private': '1',
    'keep-alive': '5',
    te: 'trailers',
    'x-kept': 'é',
    'x-forwarded-for': '203.0.113.9',
    'content-type': 'text/plain',
  };
  const answer = await ask(edge.port(), {
    method: 'PUT',
    path: '/a%20b?c=d',
    headers,
    body: Buffer.from('payload'),
  });
  assert.equal(answer.status, 200);
  assert.equal(seen?.method, 'PUT');
  assert.equal(seen.url, '/a%20b?c=d');
  assert.equal(body, 'payload');
  assert.equal(seen.headers.host, 'shop.example');
  assert.equal(seen.headers['x-kept'], 'é');
  assert.equal(seen.headers['x-forwarded-for'], '203.0.113.9, 127.0.0.1');
  assert.equal(seen.headers['x-forwarded-host'], 'shop.example');
  assert.equal(seen.headers['x-forwarded-proto'], 'http');
  for (const gone of ['x-private', 'keep-alive', 'te']) assert.equal(seen.headers[gone], undefined, gone);
});

test('the answer’s status, repeated fields and bytes arrive; its connection’s fields do not', async (t) => {
  const port = await application(t, (_, res) => {
    res.writeHead(207, 'Many', [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Bytes',
      'ÿ',
      'Connection',
      'X-Hop',
      'X-Hop',
      '1',
    ]);
    res.end(Buffer.from([0, 255, 128]));
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const answer = await ask(edge.port());
  assert.equal(answer.status, 207);
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.headers['x-bytes'], 'ÿ');
  assert.equal(answer.headers['x-hop'], undefined);
  assert.equal(answer.body, '\x00\xff\x80');
});

test('a large body goes through unchanged in both directions', async (t) => {
  const port = await application(t, (req, res) => req.pipe(res));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const body = randomBytes(5_000_000);
  const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');
  for (const headers of [{ 'content-length': String(body.length) }, { 'transfer-encoding': 'chunked' }]) {
    const answer = await ask(edge.port(), { method: 'POST', headers, body });
    assert.equal(digest(Buffer.from(answer.body, 'latin1')), digest(body));
  }
});

test('a body streams while it is being written, in both directions', async (t) => {
  const port = await application(t, (req, res) => {
    res.writeHead(200, { 'content-type': 'text/plain' });
    res.flushHeaders();
    req.on('data', (chunk: Buffer) => res.write(`echo ${chunk.toString()}`));
    req.on('end', () => res.end());
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const req = request({ port: edge.port(), host: '127.0.0.1', method: 'POST', agent: false });
  req.write('one');
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  assert.equal(String((await once(res, 'data'))[0]), 'echo one');
  req.write('two');
  assert.equal(String((await once(res, 'data'))[0]), 'echo two');
  req.end();
  await once(res.resume(), 'end');
});

test('a client that does not read stops the instance from writing', async (t) => {
  const total = 64_000_000;
  let written = 0;
  const port = await application(t, (_, res) => {
    const block = Buffer.alloc(100_000);
    const write = () => {
      while (written < total) {
        written += block.length;
        if (!res.write(block)) return void res.once('drain', write);
      }
      res.end();
    };
    write();
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const req = request({ port: edge.port(), host: '127.0.0.1', agent: false }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  let stalledAt = -1;
  await until('the instance stalls', () => {
    const stalled = written === stalledAt;
    stalledAt = written;
    return stalled && written > 0;
  });
  await pause(100);
  assert.ok(written < total / 2, `${written} bytes were taken from the instance with nobody reading`);
  let received = 0;
  res.on('data', (chunk: Buffer) => (received += chunk.length));
  await once(res, 'end');
  assert.equal(received, total);
});

test('an instance that does not read stops the client from writing', async (t) => {
  let reading: IncomingMessage | undefined;
  const port = await application(t, (req, res) => {
    reading = req;
    req.pause().on('end', () => res.end());
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const total = 64_000_000;
  const req = request({
    port: edge.port(),
    host: '127.0.0.1',
    method: 'POST',
    agent: false,
    headers: { 'content-length': total },
  });
  const block = Buffer.alloc(100_000);
  let written = 0;
  const write = () => {
    while (written < total) {
      written += block.length;
      if (!req.write(block)) return void req.once('drain', write);
    }
    req.end();
  };
  write();
  await until('the request arrives', () => reading !== undefined);
  await pause(200);
  assert.ok(written < total / 2, `${written} bytes were taken from the client with nobody reading`);
  reading?.resume();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  assert.equal(res.statusCode, 200);
  res.resume();
});

test('HEAD, 204 and 304 have no body and keep the connection usable', async (t) => {
  const port = await application(t, (req, res) => {
    const status = Number(req.url?.slice(1));
    res.writeHead(status, status === 200 ? { 'content-length': '1000' } : {});
    res.end();
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const raw = await sendRaw(
    edge.port(),
    ['HEAD /200', 'GET /204', 'GET /304', 'HEAD /200']
      .map((line) => `${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
      .join(''),
  );
  assert.deepEqual(raw.match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 204',
    'HTTP/1.1 304',
    'HTTP/1.1 200',
  ]);
  assert.equal(raw.match(/content-length: 1000/gi)?.length, 2);
});

test('trailers and early hints reach the client', async (t) => {
  const port = await application(t, (_, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.writeHead(200, { trailer: 'x-sum, x-count' });
    res.write('body');
    res.addTrailers({ 'x-sum': 'abc', 'x-count': '2' });
    res.end();
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const raw = await sendRaw(edge.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(raw, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload/i);
  assert.match(raw, /4\r\nbody\r\n0\r\nx-sum: abc\r\nx-count: 2\r\n\r\n$/i);
});

test('Expect: 100-continue is answered before the body is sent', async (t) => {
  const port = await application(t, (req, res) => req.pipe(res));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const options = { port: edge.port(), host: '127.0.0.1', method: 'POST', agent: false as const };
  const req = request({ ...options, headers: { expect: '100-continue', 'content-length': '4' } });
  req.flushHeaders();
  await once(req, 'continue');
  req.end('body');
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  assert.equal(String((await once(res, 'data'))[0]), 'body');
});

test('an HTTP/1.0 client gets a body that ends with the connection', async (t) => {
  const port = await application(t, (_, res) => {
    res.write('no length');
    res.end(' known');
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const raw = await sendRaw(edge.port(), 'GET / HTTP/1.0\r\n\r\n');
  assert.match(raw, /connection: close/i);
  assert.doesNotMatch(raw, /transfer-encoding/i);
  assert.match(raw, /\r\n\r\nno length known$/);
});

test('a request in absolute form goes on in origin form, under the host that it names', async (t) => {
  const port = await application(t, (req, res) => res.end(`${req.headers.host} ${req.url}`));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const raw = await sendRaw(
    edge.port(),
    'GET http://named.example?q HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n',
  );
  assert.match(raw, /named\.example \/\?q$/);
});

test('pipelined requests are answered in their order', async (t) => {
  const port = await application(t, (req, res) =>
    setTimeout(() => res.end(`[${req.url}]`), req.url === '/1' ? 60 : 0),
  );
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const requests = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
  assert.deepEqual((await sendRaw(edge.port(), requests)).match(/\[.*?\]/g), ['[/1]', '[/2]', '[/3]']);
});
