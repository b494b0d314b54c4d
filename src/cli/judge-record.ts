import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import { readRecord, type JudgeRecord, type ReadRecord } from '../views/judge/record.ts';
import { recordText } from '../views/judge/write.ts';
import { plural } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span } from './render/text.ts';

/** The judge's record of a deployment, from the server. */
export const fetchRecord = (context: Context, deployment: string): Promise<JudgeRecord> =>
  context.client().get<JudgeRecord>(`/api/v1/deployments/${encodeURIComponent(deployment)}/judge`);

/** Writes a deployment's record to standard output, or to a file that is there as a whole or not at all. */
export async function writeRecord(
  context: Context,
  deployment: string,
  file: string | undefined,
): Promise<ExitCode> {
  const { io } = context;
  const record = await fetchRecord(context, deployment);
  if (file === undefined) {
    io.stdout.write(recordText(record));
    return EXIT.ok;
  }
  const path = resolve(io.cwd, file);
  await writeWhole(path, recordText(record));
  const verdicts = plural(record.verdicts.length, 'verdict');
  await context.show({ file: path }, () => [
    [
      span('written to ', 'good'),
      span(path),
      span(`  ${verdicts}, ${plural(record.ticks.length, 'tick')}`, 'dim'),
    ],
    [span('judge it again: ', 'dim'), span(`spillway canary verify ${file}`, 'accent')],
  ]);
  return EXIT.ok;
}

/** @throws SpillwayError `config_invalid` when it cannot be written there */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.part`, text, { mode: 0o600 });
    await rename(`${path}.part`, path);
  } catch (error) {
    throw new SpillwayError('config_invalid', 'the file cannot be written', { where: path, cause: error });
  }
}

/** @param file `-` for standard input @throws SpillwayError for a file that is not there, or that is no record */
export async function loadRecord(context: Context, file: string): Promise<ReadRecord> {
  const text = file === '-' ? await readStdin(context) : await read(resolve(context.io.cwd, file));
  return readRecord(text, nameOf(file));
}

export const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    throw new SpillwayError('config_invalid', 'there is no such file', {
      where: path,
      hint: 'Make one: spillway canary record DEPLOYMENT --file FILE',
      cause: error,
    });
  });

async function readStdin({ io }: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}
