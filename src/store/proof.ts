import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SpillwayError } from '../core/errors.ts';
import { sameBytes } from '../ledger/bytes.ts';
import {
  append,
  EMPTY,
  leafHashOf,
  parseCheckpoint,
  parseNote,
  rootOf,
  toHex,
  utf8,
  type Checkpoint,
  type Frontier,
  type Hash,
} from '../ledger/index.ts';
import { CHECKPOINT_SETTING } from '../ports/store.ts';
import { tableNamed } from './transfer.ts';
import type { RowSource } from './transfer.ts';

const sha256: Hash = (data) => createHash('sha256').update(data).digest();

/** A store's audit log as its leaves show it. */
export interface ProvedLog {
  /** Leaves, sealed or not. */
  readonly size: number;
  /** Hex, over all of them. */
  readonly root: string;
  /** The last signed note; null where none was signed yet. */
  readonly checkpoint: string | null;
}

/** What the leaves have to agree with on the way. */
interface Claim {
  readonly size: number;
  readonly holds: (frontier: Frontier) => boolean;
  readonly otherwise: string;
}

/**
 * Proves the audit log of a store: every leaf is the commitment to its entry, the tree that was kept is that of these
 * leaves, and so is the one that was signed last.
 * @param signingKey PEM of the key that signs it; null = signatures are not looked at
 * @throws SpillwayError `corrupt` naming the first thing that is not so
 */
export async function proveAudit(source: RowSource, signingKey: string | null): Promise<ProvedLog> {
  const broken = (what: string) =>
    new SpillwayError('corrupt', `the audit log is not proved: ${what}`, { where: source.where });
  const note = await settingOf(source, CHECKPOINT_SETTING);
  const open = [await keptTree(source)];
  if (note !== null) {
    const signed = signedHead(note, signingKey);
    if (typeof signed === 'string') throw broken(signed);
    open.push({
      size: signed.size,
      holds: (frontier) => sameBytes(rootOf(sha256, frontier), signed.root),
      otherwise: `it is not the one whose first ${signed.size} entries were signed`,
    });
  }
  const check = (frontier: Frontier) => {
    for (const { size, holds, otherwise } of open)
      if (size === frontier.size && !holds(frontier)) throw broken(otherwise);
  };
  let frontier = EMPTY;
  check(frontier);
  for await (const page of source.rows(tableNamed('audit_leaves')))
    for (const [number, salt, entry, hash] of page) {
      const leaf = leafHashOf(sha256, utf8(String(entry)), Buffer.from(String(salt), 'hex'));
      if (number !== frontier.size + 1) throw broken(`entry ${frontier.size} is missing`);
      if (!(hash instanceof Uint8Array) || !sameBytes(leaf, hash))
        throw broken(`entry ${frontier.size} is not what its leaf commits to`);
      ({ frontier } = append(sha256, frontier, [leaf]));
      check(frontier);
    }
  const cut = open.find(({ size }) => size > frontier.size);
  if (cut) throw broken(`${frontier.size} entries are left of ${cut.size}`);
  return { size: frontier.size, root: toHex(rootOf(sha256, frontier)), checkpoint: note };
}

async function keptTree(source: RowSource): Promise<Claim> {
  for await (const [row] of source.rows(tableNamed('audit_tree'))) {
    const [size, frontier] = row ?? [];
    return {
      size: Number(size),
      holds: ({ roots }) => frontier instanceof Uint8Array && sameBytes(Buffer.concat(roots), frontier),
      otherwise: 'the tree that was kept is not that of its entries',
    };
  }
  return { size: 0, holds: () => false, otherwise: 'its tree is missing' };
}

/** @returns null for a setting that was never put */
async function settingOf(source: RowSource, wanted: string): Promise<string | null> {
  for await (const page of source.rows(tableNamed('settings')))
    for (const [name, value] of page) if (name === wanted) return String(value);
  return null;
}

/** What was signed; a text says why it cannot be that. */
function signedHead(text: string, signingKey: string | null): Checkpoint | string {
  const note = parseNote(text);
  const head = note && parseCheckpoint(note.body);
  if (note === undefined || head === undefined) return 'its checkpoint cannot be read';
  if (signingKey === null) return head;
  const key: KeyObject = createPublicKey(createPrivateKey(signingKey));
  const signed = note.signatures.some(({ signature }) => verify(null, utf8(note.body), key, signature));
  return signed ? head : 'its checkpoint was not signed by the key that is here';
}
