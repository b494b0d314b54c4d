import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Drop, LoadReport, VersionCounts } from './load.ts';

/** How long the present rate and latency look back, in reports of 250 ms. */
const RECENT = 8;
const MOST_DROPS = 200;

/** The load generator as its parent sees it: everything that it has reported so far. */
export class Load {
  readonly #child: ChildProcess;
  readonly #recent: LoadReport[] = [];
  readonly versions = new Map<string, VersionCounts>();
  /** The first ones, with their reasons. */
  readonly drops: Drop[] = [];
  dropped = 0;
  requests = 0;
  #ended = false;

  /** @param longestSeconds it ends by itself after this */
  constructor(url: string, perSecond: number, longestSeconds: number) {
    const program = join(import.meta.dirname, 'load.ts');
    this.#child = fork(program, [url, String(perSecond), String(longestSeconds)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (report) => this.#add(report as LoadReport));
    this.#child.on('exit', () => (this.#ended = true));
  }

  /** Requests a second and the 95th percentile in milliseconds over the last two seconds. */
  get present(): { readonly perSecond: number; readonly p95: number | null } {
    const [first, ...rest] = this.#recent;
    const last = rest.at(-1);
    if (first === undefined || last === undefined) return { perSecond: 0, p95: null };
    const sum = rest.reduce((total, { requests }) => total + requests, 0);
    const p95s = rest.flatMap(({ p95 }) => (p95 === null ? [] : [p95]));
    const p95 = p95s.length === 0 ? null : p95s.reduce((total, one) => total + one, 0) / p95s.length;
    return { perSecond: (sum * 1000) / (last.at - first.at), p95 };
  }

  /** Ended before it was asked to. */
  get broken(): boolean {
    return this.#ended;
  }

  of(version: string): VersionCounts {
    return this.versions.get(version) ?? { requests: 0, failed: 0, lastSentAt: 0 };
  }

  /** Lets what is under way end, and takes the last report. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    const ended = once(this.#child, 'exit');
    this.#child.send('stop');
    await ended;
  }

  #add(report: LoadReport): void {
    this.requests += report.requests;
    this.dropped += report.dropped;
    this.drops.push(...report.drops.slice(0, MOST_DROPS - this.drops.length));
    for (const [version, counts] of Object.entries(report.versions)) {
      const known = this.of(version);
      this.versions.set(version, {
        requests: known.requests + counts.requests,
        failed: known.failed + counts.failed,
        lastSentAt: Math.max(known.lastSentAt, counts.lastSentAt),
      });
    }
    this.#recent.push(report);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }
}
