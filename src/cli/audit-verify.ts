import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import { verifyExport, type ExportProblem, type ExportVerdict } from '../ledger/index.ts';
import { count } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span, type Line } from './render/text.ts';

/** Reads like what it is in front of 32 raw bytes: an Ed25519 public key in DER. */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** So many problems are shown; one change can break many lines. */
const SHOWN = 10;

/** Proves an export from itself alone. Ends with 1, and which entry is wrong, when anything was altered. */
export async function verifyAudit(
  context: Context,
  file: string,
  keyFile: string | undefined,
): Promise<ExitCode> {
  const text = file === '-' ? await readStdin(context) : await read(resolve(context.io.cwd, file));
  const trustedKey =
    keyFile === undefined ? undefined : (await read(resolve(context.io.cwd, keyFile))).trim();
  const verdict = verifyExport(linesOf(text), {
    hash: (bytes) => createHash('sha256').update(bytes).digest(),
    verifySignature,
    ...(trustedKey !== undefined && { trustedKey }),
  });
  await context.show({ file, trusted: trustedKey !== undefined, ...verdict }, () =>
    verdict.ok ? provedLines(verdict, trustedKey !== undefined) : brokenLines(verdict),
  );
  return verdict.ok ? EXIT.ok : EXIT.failed;
}

function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([DER_PREFIX, publicKey]), format: 'der', type: 'spki' });
  return verify(null, message, key, signature);
}

/** Lines without their ends; the one after the last end is no line. */
const linesOf = (text: string): readonly string[] =>
  (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');

const read = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch(() => {
    throw new SpillwayError('config_invalid', 'there is no such file', {
      where: path,
      hint: 'Make one: spillway audit export -f FILE',
    });
  });

async function readStdin({ io }: Context): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

const provedLines = ({ origin, size, root }: ExportVerdict, trusted: boolean): readonly Line[] => [
  [
    span('proved: ', 'good'),
    span(`${count(size)} ${size === 1 ? 'entry' : 'entries'} of ${origin ?? 'the log'}, whole and unaltered`),
  ],
  [span(`root ${root}`, 'dim')],
  ...(trusted
    ? []
    : [[span('held to its own key: name the key that you know with --key to prove who made it', 'warn')]]),
];

const brokenLines = ({ problems }: ExportVerdict): readonly Line[] => [
  [span('NOT proved: ', 'bad'), span('this export is not what was signed')],
  ...problems
    .slice(0, SHOWN)
    .map((problem): Line => [span(`  ${placeOf(problem)}: `, 'bold'), span(problem.what)]),
  ...(problems.length > SHOWN ? [[span(`  and ${count(problems.length - SHOWN)} more`, 'dim')]] : []),
];

function placeOf({ line, index }: ExportProblem): string {
  if (line === 0) return 'the export';
  return index === undefined ? `line ${line}` : `line ${line}, entry ${index}`;
}
