import { SpillwayError } from '../core/errors.ts';
import { runCommand, type CommandEnd, type CommandRequest } from './command.ts';

/** Kept of what a command says beside its result. */
const TAIL = 8000;

export interface Captured {
  readonly end: CommandEnd;
  readonly stdout: Buffer;
  /** The last of it. */
  readonly stderr: string;
}

/**
 * Runs a command for its output.
 * @param limit bytes of output
 * @throws SpillwayError `too_large` beyond the limit
 */
export async function capture(request: Omit<CommandRequest, 'output'>, limit: number): Promise<Captured> {
  const chunks: Buffer[] = [];
  const errors = createTail(TAIL);
  let size = 0;
  const end = await runCommand({
    ...request,
    output: (chunk, stream) => {
      if (stream === 'stderr') return errors.push(chunk);
      size += chunk.length;
      if (size > limit)
        throw new SpillwayError('too_large', `${request.argv[0]} gives more than ${limit} bytes`);
      chunks.push(chunk);
    },
  });
  return { end, stdout: Buffer.concat(chunks), stderr: errors.text() };
}

/** The end of a stream of text. */
export function createTail(size: number): { push(chunk: Buffer): void; text(): string } {
  let tail: Buffer = Buffer.alloc(0);
  return {
    push: (chunk) => {
      tail = Buffer.concat([tail, chunk.subarray(-size)]).subarray(-size);
    },
    text: () => tail.toString().trim(),
  };
}
