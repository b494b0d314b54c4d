import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { messageOf } from '../core/errors.ts';
import { milliseconds, type Duration } from '../core/time.ts';
import { end, MARK, processRow, terminate, type ProcessSet, type Sleep } from './processes.ts';

export interface CommandRequest {
  /** Program and arguments; no shell reads them. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All of it: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Put into the environment, so that everything which was started can be found again. */
  readonly mark: string;
  /** Ends the command with everything that it has started: SIGTERM, after `grace` SIGKILL. */
  readonly signal: AbortSignal;
  readonly grace: Duration;
  readonly sleep: Sleep;
  /** Gets what the command writes, as it comes; the command waits while a promise is open. */
  readonly output: (chunk: Buffer, stream: 'stdout' | 'stderr') => void | Promise<void>;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals }
  /** `code` is the system's: `ENOENT` = no such program. */
  | { readonly kind: 'not_started'; readonly code: string; readonly reason: string }
  | { readonly kind: 'aborted' };

/** How long output may take to come in once nothing that the command started runs any more. */
const LAST_OUTPUT = milliseconds(1000);

/**
 * Runs a command in a session of its own. When it returns, nothing of that session runs any more, and nothing else that
 * carries the mark: what a command leaves in the background ends with it.
 * @throws what `output` throws, after the command was ended
 */
export async function runCommand(request: CommandRequest): Promise<CommandEnd> {
  const { signal, grace, sleep, mark } = request;
  if (signal.aborted) return { kind: 'aborted' };
  const child = launch(request);
  if ('kind' in child) return child;

  const set: ProcessSet = { leader: processRow(child.pid ?? 0) ?? null, mark, reach: 'anywhere' };
  let ending: Promise<void> | undefined;
  const stop = () => {
    terminate(set);
    ending ??= end(set, grace, sleep);
    ending.catch(() => undefined); // awaited below
  };
  let failure: unknown;
  const reading = Promise.all([
    read(child.stdout, (chunk) => request.output(chunk, 'stdout')),
    read(child.stderr, (chunk) => request.output(chunk, 'stderr')),
  ]).catch((error: unknown) => {
    failure = error;
    stop();
  });

  signal.addEventListener('abort', stop, { once: true });
  const result = await exitOf(child);
  signal.removeEventListener('abort', stop);
  await (ending ?? end(set, milliseconds(0), sleep));
  await Promise.race([reading, sleep(LAST_OUTPUT)]);
  child.stdout.destroy();
  child.stderr.destroy();
  if (failure !== undefined) throw failure;
  return signal.aborted && result.kind !== 'not_started' ? { kind: 'aborted' } : result;
}

function launch({ argv, cwd, env, mark }: CommandRequest) {
  const [program = '', ...rest] = argv;
  try {
    return spawn(program, rest, {
      cwd,
      env: { ...env, [MARK]: mark },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return notStarted(error); // an argument with a NUL in it, for one
  }
}

const notStarted = (error: unknown): CommandEnd & { readonly kind: 'not_started' } => ({
  kind: 'not_started',
  code: (error as NodeJS.ErrnoException).code ?? '',
  reason: messageOf(error),
});

async function exitOf(child: ChildProcess): Promise<CommandEnd> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code === null ? { kind: 'killed', signal: signal ?? 'SIGKILL' } : { kind: 'exited', code };
  } catch (error) {
    return notStarted(error);
  }
}

async function read(stream: Readable, output: (chunk: Buffer) => void | Promise<void>): Promise<void> {
  try {
    for await (const chunk of stream) await output(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
