import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCli, type Commands, type Io } from '../../src/cli/index.ts';
import { instant } from '../../src/core/time.ts';
import { createServer, type HttpServer } from '../../src/http/index.ts';
import type { HttpOptions } from '../../src/http/index.ts';
import { openMetricHistory, openMetricSource } from '../../src/server/metric-sources.ts';
import { parsePostReceive, postReceiveHook } from '../../src/triggers/git/index.ts';
import { FakeControlPlane } from './fake-control-plane.ts';
import { NOON } from './history.ts';

export async function temporaryFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A real server on a real socket in a fresh data folder. */
export async function startServer(
  context: TestContext,
  options: Partial<HttpOptions> = {},
): Promise<{ controlPlane: FakeControlPlane; dataDir: string; server: HttpServer; errors: unknown[] }> {
  const controlPlane = new FakeControlPlane();
  const dataDir = await temporaryFolder(context);
  const errors: unknown[] = [];
  const server = await listen(controlPlane, dataDir, { onError: (error) => errors.push(error), ...options });
  context.after(() => server.close());
  return { controlPlane, dataDir, server, errors };
}

export const listen = (
  controlPlane: FakeControlPlane,
  dataDir: string,
  options: Partial<HttpOptions> = {},
): Promise<HttpServer> =>
  createServer(controlPlane, {
    socket: join(dataDir, 'spillway.sock'),
    tcp: null,
    hooks: {
      git: { maxBodyBytes: 64_000, socketOnly: true },
      github: { maxBodyBytes: 1024, socketOnly: false },
    },
    telemetry: null,
    version: '0.1.0',
    now: () => NOON,
    onError: () => {},
    ...options,
  });

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly io?: Partial<Io>;
  readonly commands?: Partial<Commands>;
  readonly stdin?: string;
  /** Columns of a terminal; without it standard output is none. */
  readonly columns?: number;
  /** Sees each piece of standard output. */
  readonly onOutput?: (text: string) => void;
}

/** Runs one command line as a shell would, and keeps what it wrote. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { io = {}, commands = {}, stdin = '', columns, onOutput } = options;
  const out: string[] = [];
  const err: string[] = [];
  const terminal = columns === undefined ? {} : { isTTY: true, columns, rows: 50 };
  const write = (text: string) => {
    out.push(text);
    onOutput?.(text);
  };
  const code = await runCli(
    argv,
    {
      stdout: { write, ...terminal },
      stderr: { write: (text) => err.push(text) },
      stdin: (async function* () {
        yield stdin;
      })(),
      env: {},
      cwd: '/',
      user: 'ada',
      now: () => instant(NOON),
      interrupted: new AbortController().signal,
      ...io,
    },
    {
      version: '0.1.0',
      invocation: ['/usr/bin/spillway'],
      startServer: () => Promise.reject(new Error('this test starts no server')),
      adapterSchemas: () => Promise.resolve({ targets: {}, traffic: {}, metrics: {} }),
      openMetricSource,
      openMetricHistory,
      gitHook: () => Promise.resolve({ parse: parsePostReceive, script: postReceiveHook }),
      ...commands,
    },
  );
  return { code, out: out.join(''), err: err.join('') };
}
