import { fromBase64, sameBytes, toBase64, utf8 } from './bytes.ts';
import { canonicalJson, entryBytes, type Json } from './canonical.ts';
import {
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type Checkpoint,
  type VerifierKey,
} from './checkpoint.ts';
import { isSalt, leafHashOf } from './entry.ts';
import type { TreeHead } from './proofs.ts';
import { append, EMPTY, rootOf, type Frontier, type Hash } from './tree.ts';

/** An export is text, one JSON object a line: a header, each entry in order from index 0, and the signed checkpoint over them. */
const EXPORT_FORMAT = 'spillway-audit/1';

export interface ExportHeader {
  readonly origin: string;
  /** As `formatVerifierKey` writes it. */
  readonly publicKey: string;
}

export const headerLine = ({ origin, publicKey }: ExportHeader): string =>
  canonicalJson({ format: EXPORT_FORMAT, origin, publicKey });

/** @param leafHash lets a verification say which entry was altered; without it only that one was */
export const entryLine = (index: number, salt: Uint8Array, entry: Json, leafHash?: Uint8Array): string =>
  canonicalJson({ index, salt: toBase64(salt), entry, leaf: leafHash && toBase64(leafHash) });

/** @param note the signed checkpoint, as `formatNote` writes it */
export const checkpointLine = (note: string): string => canonicalJson({ checkpoint: note });

export interface VerificationMeans {
  readonly hash: Hash;
  /** Ed25519. */
  readonly verifySignature: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
  /**
   * The log's key as the verifier knows it from elsewhere. Without it the export's own key is used, which shows that the export is whole
   * and agrees with itself, not who made it.
   */
  readonly trustedKey?: string;
  /** Earlier states of the log that the verifier has kept; the export must begin with each of them. */
  readonly known?: readonly TreeHead[];
}

export interface ExportProblem {
  /** From 1; 0 for the export as a whole. */
  readonly line: number;
  /** The entry that it is about. */
  readonly index?: number;
  readonly what: string;
}

export interface ExportVerdict {
  readonly ok: boolean;
  readonly origin: string | undefined;
  readonly size: number;
  /** Of the entries as they are in the export, in base64. */
  readonly root: string;
  readonly problems: readonly ExportProblem[];
}

/** What is known while reading down the export. */
interface Reading {
  readonly means: VerificationMeans;
  readonly problems: ExportProblem[];
  frontier: Frontier;
  origin: string | undefined;
  key: VerifierKey | undefined;
  closed: boolean;
}

/**
 * Proves an export from its lines alone: every entry is committed to, in its place, by a checkpoint that the log's key has signed.
 * Lines must be in canonical form, so that no byte can be changed unnoticed.
 */
export function verifyExport(lines: Iterable<string>, means: VerificationMeans): ExportVerdict {
  const reading: Reading = {
    means,
    problems: [],
    frontier: EMPTY,
    origin: undefined,
    key: undefined,
    closed: false,
  };
  checkKnown(reading, 0);
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line === '' && reading.closed) continue;
    const what = readLine(reading, line, number);
    if (what !== undefined) report(reading, number, what);
  }
  if (!reading.closed) report(reading, 0, 'the export does not end with a checkpoint');
  for (const { size } of means.known ?? [])
    if (size > reading.frontier.size)
      report(reading, 0, `the log had ${size} entries before, the export has ${reading.frontier.size}`);
  return {
    ok: reading.problems.length === 0,
    origin: reading.origin,
    size: reading.frontier.size,
    root: toBase64(rootOf(means.hash, reading.frontier)),
    problems: reading.problems,
  };
}

/** @returns what is wrong with the line, if anything */
function readLine(reading: Reading, line: string, number: number): string | undefined {
  const fields = parseLine(line);
  if (fields === undefined) return 'not a JSON object in canonical form';
  if (reading.closed) return 'there is more after the checkpoint';
  if (number === 1) return readHeader(reading, fields);
  if ('checkpoint' in fields) return readCheckpoint(reading, fields);
  return readEntry(reading, fields, number);
}

type Fields = { readonly [name: string]: Json | undefined };

function parseLine(line: string): Fields | undefined {
  try {
    const value = JSON.parse(line) as Json;
    if (value === null || typeof value !== 'object' || canonicalJson(value) !== line) return undefined;
    return value as Fields;
  } catch {
    return undefined;
  }
}

const hasOnly = (fields: Fields, names: readonly string[]) =>
  Object.keys(fields).every((name) => names.includes(name));

function readHeader(reading: Reading, fields: Fields): string | undefined {
  const { format, origin, publicKey } = fields;
  if (format !== EXPORT_FORMAT) return `the first line must say format "${EXPORT_FORMAT}"`;
  if (typeof origin !== 'string' || typeof publicKey !== 'string') return 'origin or publicKey is missing';
  if (!hasOnly(fields, ['format', 'origin', 'publicKey'])) return 'the header has an unknown field';
  const { trustedKey, hash } = reading.means;
  reading.origin = origin;
  reading.key = parseVerifierKey(hash, trustedKey ?? publicKey);
  if (reading.key === undefined) return 'the public key is not a verifier key for Ed25519';
  if (trustedKey !== undefined && trustedKey !== publicKey)
    return 'the export names another public key than the trusted one';
  return undefined;
}

function readEntry(reading: Reading, fields: Fields, number: number): string | undefined {
  const { index, salt, entry, leaf } = fields;
  if (entry === undefined || typeof salt !== 'string') return 'entry or salt is missing';
  if (!hasOnly(fields, ['index', 'salt', 'entry', 'leaf'])) return 'the line has an unknown field';
  const expected = reading.frontier.size;
  if (index !== expected) return `index ${canonicalJson(index ?? null)} stands where ${expected} should be`;
  const bytes = fromBase64(salt);
  if (bytes === undefined || !isSalt(bytes)) return 'the salt is not base64 of 16 to 255 bytes';
  const { hash } = reading.means;
  const leafHash = leafHashOf(hash, entryBytes(entry), bytes);
  if (leaf !== undefined && leaf !== toBase64(leafHash))
    report(reading, number, 'entry, salt and leaf do not belong together', expected);
  reading.frontier = append(hash, reading.frontier, [leafHash]).frontier;
  checkKnown(reading, number);
  return undefined;
}

function readCheckpoint(reading: Reading, fields: Fields): string | undefined {
  reading.closed = true;
  if (!hasOnly(fields, ['checkpoint']) || typeof fields['checkpoint'] !== 'string')
    return 'the last line must hold the checkpoint and nothing else';
  const note = parseNote(fields['checkpoint']);
  const checkpoint = note && parseCheckpoint(note.body);
  if (note === undefined || checkpoint === undefined)
    return 'the checkpoint is not a signed note in its form';
  const { key, means } = reading;
  if (key === undefined) return 'without a public key the checkpoint proves nothing';
  const signatures = note.signatures.filter(
    ({ name, keyId }) => name === key.name && sameBytes(keyId, key.id),
  );
  const body = utf8(note.body);
  const signed = signatures.some(({ signature }) => means.verifySignature(key.publicKey, body, signature));
  if (!signed) return `the checkpoint is not signed by ${key.name}`;
  return contradiction(reading, checkpoint);
}

function contradiction(reading: Reading, checkpoint: Checkpoint): string | undefined {
  if (checkpoint.origin !== reading.origin)
    return `the checkpoint is of ${checkpoint.origin}, the export of ${String(reading.origin)}`;
  if (checkpoint.size !== reading.frontier.size)
    return `the checkpoint is over ${checkpoint.size} entries, the export has ${reading.frontier.size}`;
  if (!sameBytes(checkpoint.root, rootOf(reading.means.hash, reading.frontier)))
    return 'the entries are not those that were signed: their root is another one';
  return undefined;
}

function checkKnown({ means, frontier, problems }: Reading, line: number): void {
  for (const { size, root } of means.known ?? [])
    if (size === frontier.size && !sameBytes(root, rootOf(means.hash, frontier)))
      problems.push({ line, what: `the first ${size} entries are not those of the state that was kept` });
}

function report({ problems }: Reading, line: number, what: string, index?: number): void {
  problems.push(index === undefined ? { line, what } : { line, index, what });
}
