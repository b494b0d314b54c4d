import type { JsonObject } from '../../core/json.ts';
import type { Store } from '../../ports/store.ts';
import { grown } from '../leaf.ts';
import type { KeptTree } from '../leaf.ts';
import { callText } from './calls.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** So many leaves are read at a time. */
const PAGE = 10_000;

/**
 * The audit log. Leaves have their numbers and places from the commit that wrote them; they are integrated into the tree
 * later, by whoever comes first: what another replica has integrated in the meantime is integrated no second time.
 */
export const auditOf = (reader: Reader, writer: Writer): Pick<Store, 'sequenceAudit' | 'auditEntries'> => ({
  async sequenceAudit() {
    for (;;) {
      const before = await reader.get<KeptTree>('SELECT size, frontier FROM audit_tree');
      const { size: from } = before ?? { size: 0 };
      const leaves = await reader.all<{ hash: Uint8Array }>(
        `SELECT hash FROM audit_leaves WHERE number > $1 ORDER BY number LIMIT ${PAGE}`,
        from,
      );
      const { size, frontier, root } = grown(
        before ?? { size: 0, frontier: Buffer.alloc(0) },
        leaves.map((leaf) => leaf.hash),
      );
      if (leaves.length === 0) return { size, root };
      const call = { method: 'growTree', from, size, frontier: Buffer.from(frontier).toString('hex') };
      const { value: kept } = await writer.call(callText(call));
      if (kept === true && leaves.length < PAGE) return { size, root };
    }
  },

  /** Integrated ones only: before that, a leaf has no place that could be proved. */
  async auditEntries(fromIndex, limit) {
    const rows = await reader.all<{ number: number; salt: string; entry: string }>(
      `SELECT number, salt, entry FROM audit_leaves
       WHERE number > $1 AND number <= (SELECT size FROM audit_tree) ORDER BY number LIMIT $2`,
      fromIndex,
      limit,
    );
    return rows.map(({ number, salt, entry }) => ({
      index: number - 1,
      salt,
      entry: JSON.parse(entry) as JsonObject,
    }));
  },
});
