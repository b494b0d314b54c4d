import { verifyExport } from '../../../src/ledger/index.ts';
import { MEANS } from '../../ledger/support.ts';
import type { Invariant } from './invariant.ts';

export const audited: Invariant = {
  name: 'audited',
  says: 'Each transition is one audit event with actor, reason and time.',
  watch: ({ chronicle, db, violated }) => {
    const counted = db.prepare<[], { leaves: number; events: number }>(
      'SELECT (SELECT count(*) FROM audit_leaves) AS leaves, (SELECT count(*) FROM events) AS events',
    );
    return {
      committed(commit) {
        if (commit.method !== 'append' && commit.method !== 'record') return;
        const { leaves = 0, events = 0 } = counted.get() ?? {};
        if (leaves !== events) violated(`${events} events have ${leaves} leaves`);
        if (events !== chronicle.events)
          violated(`${chronicle.events} events were recorded, ${events} are kept`);
      },
      exported(lines, recorded) {
        const { ok, size, problems } = verifyExport(lines, MEANS);
        if (!ok) violated(`the export does not verify: ${problems.map(({ what }) => what).join('; ')}`);
        if (size < recorded) violated(`${recorded} events were recorded, ${size} are exported`);
      },
    };
  },
};
