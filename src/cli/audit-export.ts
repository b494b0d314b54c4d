import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SpillwayError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span } from './render/text.ts';

/** Writes the export to standard output, or to a file that is there as a whole or not at all. */
export async function exportAudit(context: Context, file: string | undefined): Promise<ExitCode> {
  const { io } = context;
  const answer = await context.client().stream('/api/v1/audit/export', {}, {});
  try {
    if (file === undefined) {
      answer.setEncoding('utf8');
      for await (const text of answer) io.stdout.write(text as string);
      return EXIT.ok;
    }
    const path = resolve(io.cwd, file);
    const part = `${path}.part`;
    await pipeline(answer, createWriteStream(part, { mode: 0o600 })).catch(async (error: unknown) => {
      await rm(part, { force: true });
      throw error;
    });
    await rename(part, path);
    await context.show({ file: path }, () => [
      [span('exported to ', 'good'), span(path)],
      [span('prove it: ', 'dim'), span(`spillway audit verify ${file}`, 'accent')],
    ]);
    return EXIT.ok;
  } catch (error) {
    throw new SpillwayError('unavailable', 'the export was cut short', {
      hint: 'Try again; the log of the server says what went wrong.',
      cause: error,
    });
  }
}
