import type { Command } from 'commander';
import type { AdapterSchemas } from '../config/adapters.ts';
import { SpillwayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Duration } from '../core/time.ts';
import type { Keep } from '../engine/retention.ts';
import type { MetricHistory } from '../ports/history.ts';
import type { MetricSource } from '../ports/metrics.ts';
import { createClient, type Client } from './client.ts';
import { findDataDir } from './discover.ts';
import type { ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import type { Canvas } from './render/canvas.ts';
import { glyphsFor, paintFor, type Paint } from './render/style.ts';
import { paintLines, type Line } from './render/text.ts';

/** What `spillway up` asks of the composition root. */
export interface UpOptions {
  /** The folder with `spillway.yaml`. */
  readonly dir: string;
  readonly dataDir: string;
  /** Address of the PostgreSQL database that is the store; null = one in the data folder. */
  readonly database: string | null;
  /** For webhooks and health (and, on loopback, the API); null = the Unix socket alone. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** For how long what may go is kept. */
  readonly keep: Keep;
  /** Where the server backs itself up, how often, how many it keeps, and what seals them; null = it does not. */
  readonly backups: {
    readonly dir: string;
    readonly every: Duration;
    readonly keep: number;
    readonly key: string;
  } | null;
}

export interface RunningServer {
  /** `http://127.0.0.1:8321`; null without a TCP listener. */
  readonly address: string | null;
  /** Path of the Unix socket. */
  readonly socket: string;
  /** What it serves, for people: `shop/production on http://127.0.0.1:8080`. */
  readonly serves: readonly string[];
  /** What pushes a release here: `git push`; null where releases come from a repository elsewhere, or a folder. */
  readonly pushWith: string | null;
  close(): Promise<void>;
}

/** What commands need of floors above them. */
export interface Commands {
  readonly version: string;
  startServer(options: UpOptions): Promise<RunningServer>;
  /** Schemas of every adapter there is, for `validate`. */
  adapterSchemas(): Promise<AdapterSchemas>;
  gitHook(): Promise<GitHook>;
  /** Counts of versions, for the commands that ask for them without a server. */
  openMetricSource(
    kind: string,
    settings: JsonObject,
    env: Io['env'],
  ): Promise<{ readonly source: MetricSource; readonly settings: JsonObject }>;
  /** What Prometheus remembers of all versions. */
  openMetricHistory(
    settings: JsonObject,
    names: { readonly app: string; readonly environment: string },
    env: Io['env'],
  ): Promise<MetricHistory>;
  /** The words that run this program: the start of what a hook calls. */
  readonly invocation: readonly string[];
}

/** What is known of Git's `post-receive` hook; the Git trigger's. */
export interface GitHook {
  parse(stdin: string): readonly { readonly oldSha: string; readonly newSha: string; readonly ref: string }[];
  script(command: readonly string[]): string;
}

export type OutputForm = 'table' | 'json' | 'yaml';

/** Flags that every command takes. */
export interface GlobalOptions {
  readonly output: OutputForm;
  readonly data?: string;
}

export interface Context {
  readonly io: Io;
  readonly commands: Commands;
  readonly paint: Paint;
  /** Whether a picture can be painted again in place. */
  readonly live: boolean;
  /** As wide as the terminal; without one, wide enough to cut nothing. */
  readonly canvas: Canvas;
  readonly options: () => GlobalOptions;
  readonly dataDir: () => string;
  readonly client: () => Client;
  /** Lines as they are written. */
  readonly text: (lines: readonly Line[]) => string;
  /** Writes lines for people. */
  readonly print: (lines: readonly Line[]) => void;
  /** Writes `data` as JSON or YAML where that is asked for, else the lines. */
  readonly show: (data: unknown, lines: () => readonly Line[]) => Promise<void>;
  /** Makes an action for commander of a function that says how the command ends. */
  readonly run: <Args extends readonly unknown[]>(
    action: (...args: Args) => Promise<ExitCode>,
  ) => (...args: Args) => Promise<void>;
  exitCode: ExitCode;
}

/** A verb's module: it describes its flags and says what it does. */
export type Define = (command: Command, context: Context) => void;

/** Wide enough for logs, narrow enough to read. */
const WITHOUT_TERMINAL = 1000;

export function createContext(io: Io, commands: Commands, program: Command): Context {
  const isTerminal = io.stdout.isTTY === true;
  const paint = paintFor(io.env, isTerminal);
  const options = () => program.opts<GlobalOptions>();
  const dataDir = () => findDataDir(io, options().data);
  const context: Context = {
    io,
    commands,
    paint,
    live: isTerminal && io.env['TERM'] !== 'dumb',
    get canvas() {
      const width = isTerminal ? Math.max(40, io.stdout.columns || 80) : WITHOUT_TERMINAL;
      return { width, glyphs: glyphsFor(io.env) };
    },
    options,
    dataDir,
    client: () => createClient(dataDir(), io.user, io.interrupted),
    text: (lines) =>
      paintLines(lines, context.canvas.width, paint)
        .map((line) => `${line}\n`)
        .join(''),
    print: (lines) => {
      if (lines.length > 0) io.stdout.write(context.text(lines));
    },
    show: async (data, lines) => {
      const { output } = options();
      if (output === 'table') return context.print(lines());
      io.stdout.write(output === 'json' ? `${JSON.stringify(data, null, 2)}\n` : await yamlOf(data));
    },
    run:
      (action) =>
      async (...args) => {
        context.exitCode = await action(...args);
      },
    exitCode: 0,
  };
  return context;
}

async function yamlOf(data: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(data);
}

/** An option's value as a whole number. @throws SpillwayError `config_invalid` */
export function wholeNumber(text: string, flag: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new SpillwayError(
    'config_invalid',
    `${flag} is a whole number from ${from} to ${to}, not "${text}"`,
    {
      where: flag,
    },
  );
}
