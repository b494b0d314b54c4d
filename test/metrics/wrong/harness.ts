import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { applicationName, environmentName, instanceId } from '../../../src/core/ids.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { instant, type Instant } from '../../../src/core/time.ts';
import { MetricFeed } from '../../../src/engine/observer/metric-feed.ts';
import { armTick } from '../../../src/engine/observer/series.ts';
import { assess, createJudge, DEFAULT_SETTINGS, observe, type Assessment } from '../../../src/judge/index.ts';
import type { MetricArm, MetricSource } from '../../../src/ports/metrics.ts';

/** When the rollout begins. */
export const START = Date.UTC(2026, 10, 20, 12);
const LENGTH_MS = 300_000;
const EVERY_MS = 10_000;

/** Traffic as it would be told if all were well: requests a second, and every so many-th fails. */
export const TRUTH = { canary: { rate: 50, failing: 400 }, baseline: { rate: 450, failing: 200 } } as const;
export type Side = keyof typeof TRUTH;
export const VERSIONS = { canary: 'v2', baseline: 'v1' } as const;

/** What a side has served since an hour before the start, if it is counted without an error. */
export const totalsAt = (side: Side, at: number) => {
  const requests = Math.max(0, Math.round(((at - START + 3_600_000) / 1000) * TRUTH[side].rate));
  return { requests, errors: Math.floor(requests / TRUTH[side].failing) };
};

/** A clock that the run moves. */
export const clock = { time: START, now: (): Instant => instant(clock.time) };

/** One way in which telemetry is wrong or missing. */
export interface Shape {
  readonly name: string;
  /** What a person is told. */
  readonly reason: RegExp;
  /** @param tell is called at every look, for sources that are told */
  readonly open: (server: Scripted) => {
    readonly source: MetricSource;
    readonly settings: JsonObject;
    readonly tell?: () => void;
  };
}

const arm = (side: Side): MetricArm => ({
  arm: side === 'canary' ? 'canary' : 'stable',
  version: VERSIONS[side],
  revision: `sha256:${VERSIONS[side]}` as MetricArm['revision'],
  instances: [instanceId(`${side}-0`), instanceId(`${side}-1`)],
});

/** A rollout of five minutes: every verdict with a certificate asked for, and every one without. */
export async function judged(shape: Pick<Shape, 'open'>, server: Scripted): Promise<Assessment[]> {
  clock.time = START;
  const { source, settings, tell } = shape.open(server);
  const query = {
    application: applicationName('shop'),
    environment: environmentName('production'),
    settings,
  };
  const feed = new MetricFeed(source, query, instant(START));
  const judge = createJudge({ ...DEFAULT_SETTINGS, acceptableErrorRate: 0.005 }, START);
  const verdicts: Assessment[] = [];
  while (clock.time < START + LENGTH_MS) {
    clock.time += EVERY_MS;
    tell?.();
    const tick = await feed.next({ canary: arm('canary'), baseline: arm('baseline') }, clock.now());
    if (tick !== undefined) {
      const none = { crashes: NONE, instanceMinutes: NONE, reset: [], start: null, step: null };
      const look = { epoch: '', counts: tick.counts, ...none };
      observe(judge, { at: tick.at, canary: armTick(look, 'canary'), baseline: armTick(look, 'baseline') });
    }
    for (const certificateRequired of [true, false])
      verdicts.push(
        assess(judge, {
          now: clock.time,
          stepStartedAt: START,
          minStepMs: 30_000,
          maxStepMs: 3_600_000,
          concurrentBaseline: true,
          certificateRequired,
          staleAfterMs: 60_000,
          ...(feed.trouble === undefined ? {} : { trouble: feed.trouble }),
        }),
      );
  }
  return verdicts;
}

const NONE = { canary: 0, baseline: 0 };

/** A real HTTP server whose answers each shape writes. */
export interface Scripted {
  readonly url: string;
  answer: (request: IncomingMessage, form: URLSearchParams, response: ServerResponse) => void;
  stop(): Promise<void>;
}

export async function startScripted(): Promise<Scripted> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      scripted.answer(request, form, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scripted: Scripted = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer: (_request, _form, response) => response.end(),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return scripted;
}

export const sendJson = (response: ServerResponse, body: unknown, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
