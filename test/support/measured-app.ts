import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Bounds of its histogram, in seconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1];

/** A small application that counts what it serves and says so at /metrics, as Prometheus' client libraries do. */
export interface MeasuredApp {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Labels of all its series from now on. */
  label(labels: Readonly<Record<string, string>>): void;
  serve(requests: number, how?: { readonly failed?: boolean; readonly seconds?: number }): void;
  /** As a new process would: all counts are gone, and so are the series without any. */
  restart(): void;
  /** Answers a scrape with this instead of its counts; undefined = with its counts again. */
  say(text: string | undefined): void;
  /** Answers scrapes with 503. */
  hang(on: boolean): void;
  stop(): Promise<void>;
}

export async function startMeasuredApp(first: Readonly<Record<string, string>>): Promise<MeasuredApp> {
  let counts = new Map<string, { requests: number; buckets: number[]; sum: number }>();
  let labels = first;
  let said: string | undefined;
  let hanging = false;
  const server = createServer((request, response) => {
    request.resume();
    response.statusCode = hanging ? 503 : 200;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(hanging ? '' : (said ?? exposition(labels, counts)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    label: (given) => {
      labels = given;
    },
    serve: (requests, { failed = false, seconds = 0.08 } = {}) => {
      const code = failed ? '500' : '200';
      const own = counts.get(code) ?? { requests: 0, buckets: BOUNDS.map(() => 0), sum: 0 };
      own.requests += requests;
      own.sum += requests * seconds;
      own.buckets = own.buckets.map((count, i) => (seconds <= (BOUNDS[i] ?? 0) ? count + requests : count));
      counts.set(code, own);
    },
    restart: () => {
      counts = new Map();
    },
    say: (text) => {
      said = text;
    },
    hang: (on) => {
      hanging = on;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function exposition(
  labels: Readonly<Record<string, string>>,
  counts: ReadonlyMap<
    string,
    { readonly requests: number; readonly buckets: readonly number[]; readonly sum: number }
  >,
): string {
  const common = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const lines = ['# TYPE http_requests_total counter', '# TYPE http_request_duration_seconds histogram'];
  const put = (metric: string, value: number, ...more: string[]) =>
    lines.push(`${metric}{${[...common, ...more].join(',')}} ${value}`);
  for (const [code, { requests, buckets, sum }] of counts) {
    const own = `code="${code}"`;
    put('http_requests_total', requests, own);
    for (const [i, count] of buckets.entries())
      put('http_request_duration_seconds_bucket', count, own, `le="${BOUNDS[i]}"`);
    put('http_request_duration_seconds_bucket', requests, own, 'le="+Inf"');
    put('http_request_duration_seconds_sum', sum, own);
    put('http_request_duration_seconds_count', requests, own);
  }
  return `${lines.join('\n')}\n`;
}
