import { userInfo } from 'node:os';
import { messageOf } from '../core/errors.ts';

/** Where text goes. A process's own streams are such. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Everything of the outside world that a command sees. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The user of the operating system: the actor of everything that is asked. */
  readonly user: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** This process's own. The first Ctrl-C asks to end, a second one ends. */
export function processIo(): Io {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveOnBrokenPipe);
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    user: userName(),
    now: Date.now,
    interrupted: interrupt.signal,
  };
}

/** `spillway audit export | head` has read enough. */
function leaveOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw new Error(messageOf(error), { cause: error });
  process.exit(0);
}

/** A container may run under a user id that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
