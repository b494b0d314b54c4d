import { concat, fromBase64, fromHex, sameBytes, toBase64, toHex, utf8 } from './bytes.ts';
import type { TreeHead } from './proofs.ts';
import type { Hash } from './tree.ts';

/** The state of a log, as it is signed (C2SP tlog-checkpoint). */
export interface Checkpoint extends TreeHead {
  /** Names the log, worldwide: a URL without scheme. */
  readonly origin: string;
}

/** The public key of a log, with the name it signs under (C2SP signed-note, "verifier key"). */
export interface VerifierKey {
  readonly name: string;
  /** Four bytes that tell keys of one name apart. */
  readonly id: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A text and who signed it (C2SP signed-note). */
export interface SignedNote {
  /** Ends with a newline, which is signed too. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/** The signature type of Ed25519 in signed notes. */
const ED25519 = Uint8Array.of(1);
const KEY_ID_BYTES = 4;

/** The text that is signed: origin, size and root on a line each. @throws RangeError for an origin that would break the form */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  if (origin === '' || origin.includes('\n')) throw new RangeError('an origin is one line, not empty');
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** @returns undefined for a text of another form; lines after the third are extensions and are passed over */
export function parseCheckpoint(body: string): Checkpoint | undefined {
  const [origin = '', size = '', root = '', ...rest] = body.split('\n');
  const bytes = fromBase64(root);
  if (origin === '' || !/^(0|[1-9]\d*)$/.test(size) || !bytes?.length) return undefined;
  if (rest.pop() !== '' || rest.includes('') || !Number.isSafeInteger(Number(size))) return undefined;
  return { origin, size: Number(size), root: bytes };
}

/** H(name || newline || type || key), its first four bytes. @param name one word, without "+" */
export function verifierKey(hash: Hash, name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new RangeError(`"${name}" cannot name a key: one word, without "+"`);
  const id = hash(concat(utf8(`${name}\n`), ED25519, publicKey)).slice(0, KEY_ID_BYTES);
  return { name, id, publicKey };
}

/** `<name>+<id in hex>+<type and key in base64>` */
export const formatVerifierKey = ({ name, id, publicKey }: VerifierKey): string =>
  `${name}+${toHex(id)}+${toBase64(concat(ED25519, publicKey))}`;

/** @returns undefined for a text of another form, another kind of key, or an id that is not this key's */
export function parseVerifierKey(hash: Hash, text: string): VerifierKey | undefined {
  const match = /^([^+]+)\+([^+]+)\+(.+)$/.exec(text);
  const [, name = '', idText = '', keyText = ''] = match ?? [];
  const id = fromHex(idText);
  const typed = fromBase64(keyText);
  if (!isKeyName(name) || id === undefined || typed === undefined) return undefined;
  if (typed.length !== 33 || typed[0] !== ED25519[0]) return undefined;
  const key = verifierKey(hash, name, typed.slice(1));
  return sameBytes(key.id, id) ? key : undefined;
}

/** `— <name> <base64 of key id and signature>`, a line each, below the body and an empty line. */
export const formatNote = ({ body, signatures }: SignedNote): string =>
  `${body}\n${signatures.map(signatureLine).join('')}`;

/** @returns undefined for a text of another form */
export function parseNote(text: string): SignedNote | undefined {
  const end = text.lastIndexOf('\n\n');
  if (end < 0 || !text.endsWith('\n')) return undefined;
  const lines = text.slice(end + 2, -1).split('\n');
  const signatures = lines.map(parseSignature);
  const whole = signatures.filter((signature) => signature !== undefined);
  return whole.length === lines.length ? { body: text.slice(0, end + 1), signatures: whole } : undefined;
}

const isKeyName = (name: string) => name !== '' && !/[\s+]/u.test(name);

const signatureLine = ({ name, keyId, signature }: NoteSignature) =>
  `\u2014 ${name} ${toBase64(concat(keyId, signature))}\n`;

function parseSignature(line: string): NoteSignature | undefined {
  const match = /^\u2014 (\S+) (\S+)$/u.exec(line);
  const [, name = '', text = ''] = match ?? [];
  const bytes = fromBase64(text);
  if (!isKeyName(name) || bytes === undefined || bytes.length <= KEY_ID_BYTES) return undefined;
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}
