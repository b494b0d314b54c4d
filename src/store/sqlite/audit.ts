import type { AuditFact } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { AuditEntry } from '../../ports/store.ts';
import { grown, leafOfEvent } from '../leaf.ts';
import type { KeptTree } from '../leaf.ts';
import type { Sql } from './sql.ts';

const NO_TREE: KeptTree = { size: 0, frontier: Buffer.alloc(0) };

/** Keeps the leaf of an event, in the transaction that writes the event. @param salt hex */
export function addLeaf(sql: Sql, fact: AuditFact, salt: string): void {
  const { entry, hash } = leafOfEvent(fact, salt);
  sql.run('INSERT INTO audit_leaves (salt, entry, hash) VALUES (?, ?, ?)', salt, entry, hash);
}

/** The audit log. Leaves are integrated into the Merkle tree some time after they were written. */
export function auditOf(sql: Sql) {
  return {
    sequenceAudit(): { readonly size: number; readonly root: string } {
      const before = sql.get<KeptTree>('SELECT size, frontier FROM audit_tree') ?? NO_TREE;
      const leaves = sql.all<{ hash: Uint8Array }>(
        'SELECT hash FROM audit_leaves WHERE number > ? ORDER BY number',
        before.size,
      );
      const { size, frontier, root } = grown(
        before,
        leaves.map((leaf) => leaf.hash),
      );
      if (leaves.length > 0) sql.run('UPDATE audit_tree SET size = ?, frontier = ?', size, frontier);
      return { size, root };
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
