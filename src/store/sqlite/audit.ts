import { createHash } from 'node:crypto';
import type { AuditFact } from '../../core/audit.ts';
import { auditEntry } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import { canonicalJson } from '../../ledger/canonical.ts';
import { leafHashOf } from '../../ledger/entry.ts';
import { append, rootOf } from '../../ledger/tree.ts';
import type { Frontier, Hash } from '../../ledger/tree.ts';
import type { AuditEntry } from '../../ports/store.ts';
import type { Sql } from './sql.ts';

const HASH_BYTES = 32;
const sha256: Hash = (data) => createHash('sha256').update(data).digest();

/** Keeps the leaf of an event, in the transaction that writes the event. @param salt hex */
export function addLeaf(sql: Sql, fact: AuditFact, salt: string): void {
  const entry = canonicalJson(auditEntry(fact));
  const hash = leafHashOf(sha256, Buffer.from(entry), Buffer.from(salt, 'hex'));
  sql.run('INSERT INTO audit_leaves (salt, entry, hash) VALUES (?, ?, ?)', salt, entry, hash);
}

/** The audit log. Leaves are integrated into the Merkle tree some time after they were written. */
export function auditOf(sql: Sql) {
  return {
    sequenceAudit(): { readonly size: number; readonly root: string } {
      const before = keptFrontier(sql);
      const leaves = sql.all<{ hash: Uint8Array }>(
        'SELECT hash FROM audit_leaves WHERE number > ? ORDER BY number',
        before.size,
      );
      const { frontier } = append(
        sha256,
        before,
        leaves.map((leaf) => leaf.hash),
      );
      if (leaves.length > 0)
        sql.run('UPDATE audit_tree SET size = ?, frontier = ?', frontier.size, Buffer.concat(frontier.roots));
      return { size: frontier.size, root: Buffer.from(rootOf(sha256, frontier)).toString('hex') };
    },

    /** Integrated ones only: before that, a leaf has no place that could be proved. */
    auditEntries: (fromIndex: number, limit: number): readonly AuditEntry[] =>
      sql
        .all<{ number: number; salt: string; entry: string }>(
          `SELECT number, salt, entry FROM audit_leaves
           WHERE number > ? AND number <= (SELECT size FROM audit_tree) ORDER BY number LIMIT ?`,
          fromIndex,
          limit,
        )
        .map(({ number, salt, entry }) => ({
          index: number - 1,
          salt,
          entry: JSON.parse(entry) as JsonObject,
        })),
  };
}

function keptFrontier(sql: Sql): Frontier {
  const kept = sql.get<{ size: number; frontier: Uint8Array }>('SELECT size, frontier FROM audit_tree');
  const roots: Uint8Array[] = [];
  for (let at = 0; kept && at < kept.frontier.length; at += HASH_BYTES)
    roots.push(kept.frontier.subarray(at, at + HASH_BYTES));
  return { size: kept?.size ?? 0, roots };
}
