import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import {
  fromBase64,
  verifyExport,
  type ExportProblem,
  type ExportVerdict,
  type TreeHead,
  type VerificationMeans,
} from '../ledger/index.ts';
import { count } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span, type Line } from './render/text.ts';

/** Reads like what it is in front of 32 raw bytes: an Ed25519 public key in DER. */
const DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** So many problems are shown; one change can break many lines. */
const SHOWN = 10;

/** What an export is held against beside itself: files that the verifier has kept. */
export interface Against {
  /** The log's public key. */
  readonly key?: string;
  /** An earlier export. */
  readonly since?: string;
}

/** Proves an export without a server. Ends with 1, and which entry is wrong, when anything was altered. */
export async function verifyAudit(context: Context, file: string, against: Against): Promise<ExitCode> {
  const { cwd } = context.io;
  const text = file === '-' ? await readStdin(context) : await read(resolve(cwd, file));
  const trustedKey = against.key === undefined ? undefined : (await read(resolve(cwd, against.key))).trim();
  const means: VerificationMeans = {
    hash: (bytes) => createHash('sha256').update(bytes).digest(),
    verifySignature,
    ...(trustedKey !== undefined && { trustedKey }),
  };
  const known = against.since === undefined ? [] : [await keptState(resolve(cwd, against.since), means)];
  const verdict = verifyExport(linesOf(text), { ...means, known });
  await context.show({ file, trusted: trustedKey !== undefined, ...verdict }, () =>
    verdict.ok ? provedLines(verdict, trustedKey !== undefined) : brokenLines(verdict),
  );
  return verdict.ok ? EXIT.ok : EXIT.failed;
}

/** The state of the log at the end of an export that was kept: nothing later may contradict it. */
async function keptState(path: string, means: VerificationMeans): Promise<TreeHead> {
  const { ok, size, root, problems } = verifyExport(linesOf(await read(path)), means);
  const bytes = fromBase64(root);
  if (ok && bytes !== undefined) return { size, root: bytes };
  throw new SpillwayError(
    'corrupt',
    `the export to compare with is not proved itself: ${problems[0]?.what}`,
    {
      where: path,
    },
  );
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
