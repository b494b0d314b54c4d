import { createHash, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import {
  append,
  checkpointLine,
  EMPTY,
  entryBytes,
  entryLine,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  headerLine,
  leafHashOf,
  rootOf,
  utf8,
  verifierKey,
  type Frontier,
  type Json,
  type ProofSource,
  type VerificationMeans,
} from '../../src/ledger/index.ts';

export const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest());

/** A tree with its nodes kept, as a store keeps them. */
export function grow(leafHashes: readonly Uint8Array[]): { frontier: Frontier; source: ProofSource } {
  const { frontier, nodes } = append(sha256, EMPTY, leafHashes);
  const kept = new Map(nodes.map(({ level, index, hash }) => [`${level}/${index}`, hash]));
  const node = (level: number, index: number) => {
    const hash = kept.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`node ${level}/${index} was never written`);
    return hash;
  };
  return { frontier, source: { hash: sha256, node } };
}

export const ORIGIN = 'example.com/audit';

export interface Signer {
  readonly vkey: string;
  readonly note: (body: string) => string;
}

export function newSigner(name = ORIGIN): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = verifierKey(sha256, name, rawKey(publicKey));
  const note = (body: string) => {
    const signature = new Uint8Array(sign(null, utf8(body), privateKey));
    return formatNote({ body, signatures: [{ name, keyId: key.id, signature }] });
  };
  return { vkey: formatVerifierKey(key), note };
}

const rawKey = (key: KeyObject) => new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32));

/** The fixed part of an Ed25519 key in DER. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export const MEANS: VerificationMeans = {
  hash: sha256,
  verifySignature: (publicKey, message, signature) => {
    const der = Buffer.concat([SPKI_PREFIX, publicKey]);
    return verify(null, message, { key: der, format: 'der', type: 'spki' }, signature);
  },
};

export const saltOf = (index: number) => sha256(utf8(`salt ${index}`));

/** A whole export of these entries; entries name their leaf when `withLeaves`. */
export function exportOf(signer: Signer, entries: readonly Json[], withLeaves = false): string[] {
  const leaves = entries.map((entry, index) => leafHashOf(sha256, entryBytes(entry), saltOf(index)));
  const { frontier } = append(sha256, EMPTY, leaves);
  const body = formatCheckpoint({ origin: ORIGIN, size: frontier.size, root: rootOf(sha256, frontier) });
  return [
    headerLine({ origin: ORIGIN, publicKey: signer.vkey }),
    ...entries.map((entry, i) => entryLine(i, saltOf(i), entry, withLeaves ? leaves[i] : undefined)),
    checkpointLine(signer.note(body)),
  ];
}
