import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { applicationName, environmentName } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { otlpSource } from '../../src/metrics/otlp/index.ts';
import { otlpSettings } from '../../src/metrics/otlp/schema.ts';
import type { MetricArm } from '../../src/ports/metrics.ts';
import { FakeControlPlane } from '../support/fake-control-plane.ts';
import { listen, temporaryFolder } from '../support/running-cli.ts';
import { ask, post } from './asking.ts';

const TOKEN = 'a token of some length';
const BEARER = { authorization: `Bearer ${TOKEN}` };
const AT = Date.UTC(2026, 10, 20, 12);

const span = (spanId: string, status: number, kind = 2) => ({
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId,
  kind,
  startTimeUnixNano: `${AT}000000`,
  endTimeUnixNano: `${AT + 80}000000`,
  attributes: [{ key: 'http.response.status_code', value: { intValue: String(status) } }],
});

const exported = (...spans: ReadonlyArray<ReturnType<typeof span>>) => ({
  resourceSpans: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'shop' } },
          { key: 'service.version', value: { stringValue: 'v2' } },
        ],
      },
      scopeSpans: [{ spans }],
    },
  ],
});

async function opened(t: TestContext, token: string | undefined = TOKEN) {
  const source = otlpSource({ now: () => instant(AT + 11_000) });
  const telemetry = { sink: async () => source.sink, token: () => token };
  const folder = await temporaryFolder(t);
  const server = await listen(new FakeControlPlane(), folder, {
    tcp: { host: '127.0.0.1', port: 0 },
    telemetry,
  });
  t.after(() => server.close());
  const counted = async () => {
    const query = {
      application: applicationName('shop'),
      environment: environmentName('production'),
      settings: otlpSettings.parse({ origin: 'spans' }),
    };
    const arm: MetricArm = {
      arm: 'canary',
      version: 'v2',
      revision: 'r' as MetricArm['revision'],
      instances: null,
    };
    const { instances } = await source.window(query, arm, instant(AT - 1000), instant(AT + 11_000));
    return instances.map(({ requests, errors }) => ({ requests, errors }));
  };
  /** Time goes on with what comes later. */
  const later = () =>
    source.sink.accept('traces', exported({ ...span('9', 200), endTimeUnixNano: `${AT + 11_000}000000` }));
  return { outside: server.address ?? '', socket: server.socket, counted, later };
}

test('spans that are posted are counted, each once', async (t) => {
  const { outside, counted, later } = await opened(t);
  const body = exported(span('1', 200), span('2', 503), span('3', 200, 3));
  for (let i = 0; i < 2; i++) {
    const answer = await post(outside, '/otlp/v1/traces', body, BEARER);
    assert.deepEqual([answer.status, answer.json], [200, {}]);
  }
  later();
  assert.deepEqual(await counted(), [{ requests: 2, errors: 1 }]);
});

test('what makes no sense is counted and said', async (t) => {
  const { outside } = await opened(t);
  const { json } = await post(
    outside,
    '/otlp/v1/traces',
    exported({ ...span('1', 200), endTimeUnixNano: 'soon' }),
    BEARER,
  );
  assert.deepEqual(json, {
    partialSuccess: { rejectedSpans: '1', errorMessage: 'spans without a time or an id' },
  });
  const wrong = await post(outside, '/otlp/v1/metrics', exported(), BEARER);
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /no list resourceMetrics/);
});

test('only who has the token may send; on the socket everybody', async (t) => {
  const { outside, socket } = await opened(t);
  assert.equal((await post(outside, '/otlp/v1/traces', exported())).status, 401);
  assert.equal(
    (await post(outside, '/otlp/v1/traces', exported(), { authorization: 'Bearer other' })).status,
    401,
  );
  assert.equal((await post(socket, '/otlp/v1/traces', exported())).status, 200);
  const closed = await opened(t, '');
  const refused = await post(closed.outside, '/otlp/v1/traces', exported(), { authorization: 'Bearer ' });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /SPILLWAY_OTLP_TOKEN/);
});

test('Protobuf is refused with what to do', async (t) => {
  const { outside } = await opened(t);
  const headers = { ...BEARER, 'content-type': 'application/x-protobuf' };
  const answer = await ask(outside, '/otlp/v1/traces', { method: 'POST', headers, body: 'x' });
  assert.equal(answer.status, 415);
  assert.match(answer.text, /OTEL_EXPORTER_OTLP_PROTOCOL=http\/json/);
});

test('what is packed is unpacked, up to a limit', async (t) => {
  const { outside, counted, later } = await opened(t);
  const headers = { ...BEARER, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const send = (body: Uint8Array) => ask(outside, '/otlp/v1/traces', { method: 'POST', headers, body });
  assert.equal((await send(gzipSync(JSON.stringify(exported(span('1', 200)))))).status, 200);
  assert.equal((await send(gzipSync(' '.repeat(17 * 1024 * 1024)))).status, 413);
  assert.equal((await send(Buffer.from('not packed'))).status, 400);
  assert.equal((await send(Buffer.alloc(4 * 1024 * 1024 + 1))).status, 413);
  later();
  assert.deepEqual(await counted(), [{ requests: 1, errors: 0 }]);
});
