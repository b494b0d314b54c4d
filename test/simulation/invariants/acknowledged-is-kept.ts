import type { Invariant } from './invariant.ts';

export const acknowledgedIsKept: Invariant = {
  name: 'acknowledged is kept',
  says: 'Every webhook is durable (one inbox row) before its 2xx. Path of an event: receive, authenticate, validate, deduplicate, persist, match triggers, create deployments.',
  watch: ({ db, violated }) => {
    const inbox = db.prepare<[string, string]>('SELECT 1 FROM inbox WHERE source = ? AND delivery_id = ?');
    const byActor = db.prepare<[string]>('SELECT 1 FROM events WHERE actor = ?');
    const answers = db.prepare<[string], { count: number }>(
      "SELECT count(*) AS count FROM events WHERE type IN ('event.matched', 'event.ignored', 'event.rejected') AND data ->> '$.details.event' = ?",
    );
    const events = new Set<string>();
    return {
      acknowledged(what) {
        if (what.kind === 'command') {
          if (byActor.get(what.actor) === undefined)
            violated(`${what.actor} was told that the ${what.verb} is done, and nothing is recorded`);
          return;
        }
        events.add(what.id);
        if (inbox.get(what.trigger, what.id) === undefined)
          violated(`${what.id} was acknowledged, and is not in the inbox`);
      },
      ended() {
        for (const id of events) {
          const { count = 0 } = answers.get(id) ?? {};
          if (count !== 1) violated(`${id} was acknowledged, and was answered ${count} times`);
        }
      },
    };
  },
};
