import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** How often it scrapes, ms. */
export const SCRAPE_MS = 100;

/** One series of an answer, and its value now. */
export interface Found {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** A Prometheus of this machine: on loopback, in a folder that goes with it. */
export interface RunningPrometheus {
  readonly url: string;
  /** Targets may be put here as files, as Prometheus' file discovery reads them. */
  readonly targets: string;
  query(text: string): Promise<readonly Found[]>;
  stop(): Promise<void>;
}

const version = spawnSync('prometheus', ['--version'], { encoding: 'utf8' });

/** Why tests with it are left out; undefined where it is installed, and in CI, where it must be. */
export const noPrometheus: string | undefined =
  version.error === undefined || process.env['CI'] === 'true'
    ? undefined
    : 'prometheus is not installed (Debian: apt-get install prometheus)';

/** `2.42.0` */
export const prometheusVersion = /version (\d+\.\d+\.\d+)/.exec(`${version.stdout}${version.stderr}`)?.[1];

/** Targets (`host:port`) by job. */
export type Jobs = Readonly<Record<string, readonly string[]>>;

/** Files below `targets/` are looked at too; those are taken up within 5 s. */
const configuration = (dir: string, jobs: Jobs) =>
  JSON.stringify({
    global: { scrape_interval: `${SCRAPE_MS}ms`, scrape_timeout: `${SCRAPE_MS}ms` },
    scrape_configs: [
      ...Object.entries(jobs).map(([job, targets]) => ({ job_name: job, static_configs: [{ targets }] })),
      { job_name: 'files', file_sd_configs: [{ files: [`${dir}/targets/*.json`], refresh_interval: '1s' }] },
    ],
  });

const DATA = '--storage.tsdb.path=';

export async function startPrometheus(
  jobs: Jobs = {},
  ...flags: readonly string[]
): Promise<RunningPrometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-prometheus-'));
  const port = await freePort();
  await writeFile(join(dir, 'prometheus.yml'), configuration(dir, jobs));
  await mkdir(join(dir, 'targets'));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      ...(flags.some((flag) => flag.startsWith(DATA)) ? [] : [`${DATA}${join(dir, 'data')}`]),
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
      ...flags,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  for (let tries = 0; !(await ready(url)); tries++) {
    if (tries > 200 || child.exitCode !== null) {
      await stop();
      throw new Error('Prometheus has not become ready');
    }
    await wait(50);
  }
  return {
    url,
    stop,
    targets: join(dir, 'targets'),
    query: async (text) => {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
      const { data } = (await response.json()) as { readonly data: { readonly result: readonly Found[] } };
      return data.result;
    },
  };
}

async function ready(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    return false;
  }
}
