/**
 * Users of the shop: an open loop of requests, so that a slow answer does not make the next one wait. Most visitors are new, some
 * return with their cookie. Started by load-process.ts; ends by itself, when asked to, or with its parent.
 *
 * load.ts URL REQUESTS_PER_SECOND LONGEST_SECONDS
 */
import { Pool, type Dispatcher } from 'undici';

/** How many requests a version has answered, and how many of them with an error of its own. */
export interface VersionCounts {
  requests: number;
  failed: number;
  /** When the last of them was sent, epoch milliseconds. */
  lastSentAt: number;
}

/** A request that failed without a version of the service having said so. */
export interface Drop {
  /** When it was sent, epoch milliseconds. */
  readonly at: number;
  readonly what: string;
}

/** What has come in since the report before. */
export interface LoadReport {
  readonly at: number;
  readonly requests: number;
  readonly versions: Readonly<Record<string, VersionCounts>>;
  /** At most `MOST_DROPS` of them; `dropped` counts them all. */
  readonly drops: readonly Drop[];
  readonly dropped: number;
  /** Milliseconds; null when nothing was answered. */
  readonly p95: number | null;
  /** The last report of all. */
  readonly final: boolean;
}

const REPORT_EVERY_MS = 250;
const MOST_DROPS = 20;
const CONNECTIONS = 64;
const PATIENCE_MS = 10_000;
/** Cookies that are kept, and how often a request brings one. */
const JAR = 2000;
const RETURNING = 0.3;
/** How often somebody orders: a POST, which nothing between may send twice. */
const ORDERS = 0.05;
const PRODUCTS = 1000;

let versions: Record<string, VersionCounts> = {};
let drops: Drop[] = [];
let dropped = 0;
let requests = 0;
let latencies: number[] = [];
let open = 0;
let stopping = false;
const jar: string[] = [];

/** Epoch milliseconds that only grow. */
const now = () => performance.timeOrigin + performance.now();

function nextRequest(): Dispatcher.RequestOptions {
  const cookie = Math.random() < RETURNING ? jar[Math.floor(Math.random() * JAR)] : undefined;
  const order = Math.random() < ORDERS;
  const page = order ? 'orders' : Math.random() < 0.5 ? 'products' : 'search';
  return {
    method: order ? 'POST' : 'GET',
    path: `/${page}/${Math.floor(Math.random() * PRODUCTS)}`,
    headers: cookie === undefined ? {} : { cookie },
  };
}

async function visit(pool: Pool): Promise<void> {
  const at = now();
  open++;
  try {
    const { statusCode, headers, body } = await pool.request(nextRequest());
    await body.text();
    latencies.push(now() - at);
    remember(headers['set-cookie']);
    count(headers['x-shop-version'], statusCode, at);
  } catch (error) {
    drop(at, `${(error as NodeJS.ErrnoException).code ?? 'error'}: ${(error as Error).message}`);
  } finally {
    open--;
    requests++;
  }
}

function count(version: string | string[] | undefined, status: number, at: number): void {
  if (typeof version !== 'string') return drop(at, `${status} that the shop did not give`);
  if (status !== 500 && status >= 300) return drop(at, `${status} of ${version}`);
  const counts = (versions[version] ??= { requests: 0, failed: 0, lastSentAt: 0 });
  counts.requests++;
  if (status === 500) counts.failed++;
  counts.lastSentAt = Math.max(counts.lastSentAt, at);
}

function drop(at: number, what: string): void {
  dropped++;
  if (drops.length < MOST_DROPS) drops.push({ at, what });
}

function remember(cookies: string | string[] | undefined): void {
  const cookie = Array.isArray(cookies) ? cookies[0] : cookies;
  if (cookie !== undefined) jar[Math.floor(Math.random() * JAR)] = cookie.split(';')[0] ?? '';
}

function report(final: boolean): void {
  const sorted = latencies.sort((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? null;
  const message: LoadReport = { at: Date.now(), requests, versions, drops, dropped, p95, final };
  process.send?.(message);
  [versions, drops, latencies] = [{}, [], []];
  dropped = requests = 0;
}

async function run(url: string, perSecond: number, longestSeconds: number): Promise<void> {
  const pool = new Pool(url, {
    connections: CONNECTIONS,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
  });
  const reports = setInterval(() => report(false), REPORT_EVERY_MS);
  const began = performance.now();
  const total = perSecond * longestSeconds;
  for (let sent = 0; sent < total && !stopping;) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; sent < due; sent++) void visit(pool);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(reports);
  report(true);
  await pool.close();
  process.disconnect?.();
}

const stop = () => (stopping = true);
process.on('message', stop).on('disconnect', stop);
// Ctrl-C reaches the whole foreground group: the parent says when it is over.
process.on('SIGINT', () => {});
const [url = '', perSecond = '', longest = ''] = process.argv.slice(2);
await run(url, Number(perSecond), Number(longest));
