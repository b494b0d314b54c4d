import { createHash } from 'node:crypto';
import type { AuditFact } from '../core/audit.ts';
import { auditEntry } from '../core/audit.ts';
import { canonicalJson } from '../ledger/canonical.ts';
import { leafHashOf } from '../ledger/entry.ts';
import { append, rootOf } from '../ledger/tree.ts';
import type { Frontier, Hash } from '../ledger/tree.ts';

const HASH_BYTES = 32;
const sha256: Hash = (data) => createHash('sha256').update(data).digest();

/** An event's leaf in the audit log. */
export interface Leaf {
  /** Canonical JSON: the text that the hash commits to, so that it is kept as it is. */
  readonly entry: string;
  readonly hash: Uint8Array;
}

/** @param salt hex */
export function leafOfEvent(fact: AuditFact, salt: string): Leaf {
  const entry = canonicalJson(auditEntry(fact));
  return { entry, hash: leafHashOf(sha256, Buffer.from(entry), Buffer.from(salt, 'hex')) };
}

/** The audit tree as it is kept: the roots of its complete subtrees, one after the other. */
export interface KeptTree {
  readonly size: number;
  readonly frontier: Uint8Array;
}

/** The tree with further leaves at its end. @returns its root (hex) beside */
export function grown(
  { size, frontier }: KeptTree,
  hashes: readonly Uint8Array[],
): KeptTree & { readonly root: string } {
  const roots: Uint8Array[] = [];
  for (let at = 0; at < frontier.length; at += HASH_BYTES) roots.push(frontier.subarray(at, at + HASH_BYTES));
  const after: Frontier = append(sha256, { size, roots }, hashes).frontier;
  return {
    size: after.size,
    frontier: Buffer.concat(after.roots),
    root: Buffer.from(rootOf(sha256, after)).toString('hex'),
  };
}
