import { createHash } from 'node:crypto';
import type { AuditFact } from '../../core/audit.ts';
import { auditEntry } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { AuditEntry } from '../../ports/store.ts';
import type { Sql } from './sql.ts';

/** Keeps the leaf of an event, written with it. */
export function addLeaf(sql: Sql, fact: AuditFact, salt: string): void {
  const entry = JSON.stringify(auditEntry(fact));
  const hash = createHash('sha256').update(salt).update(entry).digest();
  sql.run('INSERT INTO audit_leaves (salt, entry, hash) VALUES (?, ?, ?)', salt, entry, hash);
}

/** The audit log: leaves are integrated into the Merkle tree some time after they were written. */
export function auditOf(sql: Sql) {
  return {
    sequenceAudit(): { readonly size: number; readonly root: string } {
      const count = sql.get<{ size: number }>('SELECT count(*) AS size FROM audit_leaves')?.size ?? 0;
      sql.run('UPDATE audit_tree SET size = ?', count);
      return { size: count, root: '' };
    },

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
