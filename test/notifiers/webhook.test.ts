import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import type { Notification } from '../../src/core/notification.ts';
import { instant } from '../../src/core/time.ts';
import { webhookNotifier } from '../../src/notifiers/webhook/index.ts';
import { webhookSettings } from '../../src/notifiers/webhook/schema.ts';

const NOW = instant(Date.UTC(2026, 10, 20, 12));
const clock = { now: () => NOW, monotonic: () => performance.now() };
const message: Notification = {
  type: 'deployment.failed',
  severity: 'critical',
  title: 'shop 1.5.0 failed in production: p95 is 900ms',
  at: instant(Date.UTC(2026, 10, 20, 11, 59, 58, 7)),
  fields: { application: 'shop', environment: 'production', version: '1.5.0', stage: 'rollout' },
};
const KEY = 'notify/shop/production/12.0/webhook-0';

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server of its own for each test; the address it listens at. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const answer =
  (status: number, headers: Record<string, string> = {}, body = ''): RequestListener =>
  (request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(status, headers).end(body));
  };

const deliver = (url: string, settings: object = {}, signal = new AbortController().signal) =>
  webhookNotifier(webhookSettings.parse({ url, secret: null, ...settings }), clock).deliver(
    message,
    KEY,
    signal,
  );

interface Heard {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What the receiver gets. */
async function hear(settings: object): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>();
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      resolve({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(204).end();
    });
  });
  const receipt = await deliver(url, settings);
  assert.deepEqual(
    { ...receipt, latencyMs: 0 },
    { delivered: true, answer: '204', latencyMs: 0, retryAfterMs: null, retry: false },
  );
  return promise;
}

describe('a delivery', () => {
  it('is a CloudEvent', async () => {
    const { headers, body } = await hear({});
    assert.equal(headers['content-type'], 'application/cloudevents+json; charset=utf-8');
    assert.equal(headers['webhook-signature'], undefined);
    const { at: _, ...data } = message;
    assert.deepEqual(JSON.parse(body), {
      specversion: '1.0',
      id: 'notify/shop/production/12-0/webhook-0',
      type: 'dev.spillway.deployment.failed',
      source: '/spillway/shop/production',
      time: '2026-11-20T11:59:58.007Z',
      datacontenttype: 'application/json',
      data,
    });
  });

  it('is signed as Standard Webhooks asks', async () => {
    const key = Buffer.from('the key that both sides know');
    for (const secret of [`whsec_${key.toString('base64')}`, key.toString()]) {
      const { headers, body } = await hear({ secret });
      const id = 'notify/shop/production/12-0/webhook-0';
      const timestamp = String(NOW / 1000);
      const digest = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      assert.deepEqual(
        [headers['webhook-id'], headers['webhook-timestamp'], headers['webhook-signature']],
        [id, timestamp, `v1,${digest}`],
      );
    }
  });
});

describe('an answer', () => {
  const inAMinute = new Date(NOW + 60_000).toUTCString();
  const answers: ReadonlyArray<
    readonly [string, RequestListener, { retry: boolean; retryAfterMs: number | null; answer: string }]
  > = [
    ['500', answer(500, {}, 'oh\nno'), { retry: true, retryAfterMs: null, answer: '500 oh no' }],
    [
      '503 with Retry-After',
      answer(503, { 'retry-after': '7' }),
      { retry: true, retryAfterMs: 7000, answer: '503' },
    ],
    [
      '429 with a date',
      answer(429, { 'retry-after': inAMinute }),
      { retry: true, retryAfterMs: 60_000, answer: '429' },
    ],
    [
      '429 with nonsense',
      answer(429, { 'retry-after': 'soon' }),
      { retry: true, retryAfterMs: null, answer: '429' },
    ],
    [
      '400',
      answer(400, { 'retry-after': '7' }, 'no such channel'),
      { retry: false, retryAfterMs: null, answer: '400 no such channel' },
    ],
    ['410', answer(410), { retry: false, retryAfterMs: null, answer: '410' }],
  ];
  for (const [name, listener, expected] of answers)
    it(name, async () => {
      const { delivered, latencyMs, ...receipt } = await deliver(await serve(listener));
      assert.equal(delivered, false);
      assert.ok(latencyMs >= 0);
      assert.deepEqual(receipt, expected);
    });

  it('that leads elsewhere is not followed', async () => {
    let visits = 0;
    const elsewhere = await serve((_, response) => {
      visits++;
      response.end();
    });
    const receipt = await deliver(await serve(answer(307, { location: elsewhere })));
    assert.deepEqual([receipt.delivered, receipt.retry, receipt.answer, visits], [false, false, '307', 0]);
  });

  it('that never ends is cut short', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200);
      const pump = setInterval(() => response.write('x'.repeat(1000)), 1);
      response.on('close', () => clearInterval(pump));
    });
    const receipt = await deliver(url);
    assert.ok(receipt.delivered && receipt.answer.length <= 210);
  });
});

describe('no answer', () => {
  it('from a server that is down', async () => {
    const url = await serve(answer(200));
    const server = servers.at(-1);
    await new Promise((closed) => server?.close(closed));
    const receipt = await deliver(url);
    assert.ok(!receipt.delivered && receipt.retry);
    assert.match(receipt.answer, /ECONNREFUSED/);
  });

  it('from one that is slow, before or after its head', async () => {
    for (const listener of [
      (): void => undefined,
      (_: unknown, response: { writeHead(status: number): { flushHeaders(): void } }) =>
        response.writeHead(200).flushHeaders(),
    ] as RequestListener[]) {
      const receipt = await deliver(await serve(listener), { timeoutMs: 100 });
      assert.deepEqual(
        [receipt.delivered, receipt.retry, receipt.answer],
        [false, true, 'no answer in 100ms'],
      );
    }
  });

  it('from one that hangs up', async () => {
    const receipt = await deliver(await serve((request) => request.socket.destroy()));
    assert.ok(!receipt.delivered && receipt.retry);
  });

  it('once the delivery is called off', async () => {
    const calledOff = new AbortController();
    const url = await serve(() => calledOff.abort(new Error('the server stops')));
    const receipt = await deliver(url, {}, calledOff.signal);
    assert.deepEqual([receipt.delivered, receipt.retry, receipt.answer], [false, true, 'the server stops']);
  });
});
