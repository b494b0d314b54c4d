import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawBinomial, seededChance } from '../../src/replay/chance.ts';

const PROMTOOL = 'promtool';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Why tests with a made past are left out; in CI they must run. */
export const noPromtool: string | undefined =
  spawnSync(PROMTOOL, ['--version']).error === undefined || process.env['CI'] === 'true'
    ? undefined
    : 'promtool is not installed (Debian: apt-get install prometheus)';

/** A release of a made past. Each comes two hours after the one before. */
export interface Release {
  readonly version: string;
  /** Share of its requests that fail. */
  readonly errors: number;
  /** Goes back to the version before when the rollout is over. */
  readonly withdrawn: boolean;
}

/** So many releases, one in five of them bad and withdrawn. */
export const releases = (count: number): readonly Release[] =>
  Array.from({ length: count }, (_, i) => {
    const bad = i % 5 === 2;
    return { version: `1.${i + 1}.0`, errors: bad ? 0.06 : 0.004, withdrawn: bad };
  });

/** Requests a minute of the whole application. */
const TRAFFIC = 3000;
const ROLLOUT = HOUR;
const BETWEEN = 2 * HOUR;
const BOUNDS = [0.05, 0.1, 0.25];

/**
 * Writes what a Prometheus would have counted of releases that were rolled out by something else: for an hour the new version has
 * 20% of the traffic, then all of it, or none.
 * @returns the folder of the finished blocks
 */
export async function backfill(dir: string, past: readonly Release[], now: number): Promise<string> {
  const chance = seededChance(11);
  const begin = now - (past.length + 1) * BETWEEN;
  const lines = new Map<string, string[]>();
  const counters = new Map<string, { good: number; bad: number; fast: number[] }>();
  let stable: Release = { version: '1.0.0', errors: 0.004, withdrawn: false };
  const serve = (at: number, { version, errors }: Release, requests: number) => {
    const own = counters.get(version) ?? { good: 0, bad: 0, fast: BOUNDS.map(() => 0) };
    const failed = drawBinomial(chance, requests, errors);
    counters.set(version, own);
    own.bad += failed;
    own.good += requests - failed;
    own.fast = own.fast.map((n, i) => n + drawBinomial(chance, requests, [0.6, 0.9, 0.99][i] ?? 1));
    own.fast.reduceRight((above, n, i) => (own.fast[i] = Math.min(n, above)), own.good + own.bad);
    put(lines, at / 1000, version, own);
  };
  const end = now - (now % MINUTE);
  for (let at = begin - (begin % MINUTE); at < end; at += MINUTE) {
    const index = Math.floor((at - begin) / BETWEEN) - 1;
    const release = past[index];
    const passed = at - begin - (index + 1) * BETWEEN;
    if (release !== undefined && passed >= 0 && passed < ROLLOUT) {
      serve(at, stable, TRAFFIC * 0.8);
      serve(at, release, TRAFFIC * 0.2);
    } else {
      if (release !== undefined && passed >= ROLLOUT && !release.withdrawn) stable = release;
      serve(at, stable, TRAFFIC);
    }
  }
  return blocksOf(dir, lines);
}

function put(
  lines: Map<string, string[]>,
  at: number,
  version: string,
  { good, bad, fast }: { readonly good: number; readonly bad: number; readonly fast: readonly number[] },
): void {
  const add = (metric: string, labels: string, value: number) => {
    const text = `${metric}{app="shop",version="${version}",instance="a"${labels}} ${value} ${at}`;
    const list = lines.get(metric) ?? [];
    lines.set(metric, list);
    list.push(text);
  };
  add('http_requests_total', ',code="200"', good);
  add('http_requests_total', ',code="500"', bad);
  for (const [i, bound] of BOUNDS.entries())
    add('http_request_seconds_bucket', `,le="${bound}"`, fast[i] ?? 0);
  add('http_request_seconds_bucket', ',le="+Inf"', good + bad);
}

async function blocksOf(dir: string, lines: ReadonlyMap<string, readonly string[]>): Promise<string> {
  const text = [...lines].map(([metric, list]) => {
    const type = metric.endsWith('_bucket') ? 'histogram' : 'counter';
    return `# TYPE ${metric.replace(/_(total|bucket)$/, '')} ${type}\n${list.join('\n')}\n`;
  });
  const file = join(dir, 'past.om');
  const blocks = join(dir, 'blocks');
  await writeFile(file, `${text.join('')}# EOF\n`);
  execFileSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, blocks], {
    stdio: 'pipe',
  });
  return blocks;
}
