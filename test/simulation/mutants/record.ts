import type { InboxItem } from '../../../src/ports/store.ts';
import type { StampedAppend } from '../../../src/store/sqlite/operations.ts';
import type { Mutant } from './mutant.ts';

/** Bugs in what is kept of decisions and events. */
export const OF_THE_RECORD: readonly Mutant[] = [
  {
    name: 'outcome with an old fence',
    does: 'takes an outcome whoever holds the task by now',
    store: (run, db) => {
      const held = db.prepare<[string], number | null>('SELECT fence FROM tasks WHERE key = ?').pluck();
      return (method, args) => {
        const completes = method === 'append' ? (args[0] as StampedAppend).completes : null;
        const isOld = completes !== null && held.get(completes.key) !== completes.fence;
        return run(method, isOld ? [{ ...(args[0] as StampedAppend), completes: null }] : args);
      };
    },
  },
  {
    name: 'outcome recorded twice',
    does: 'writes the events of an outcome once more when it comes after a failure',
    store: (run) => (method, args) => {
      const value = run(method, args);
      const append = args[0] as StampedAppend;
      if (method === 'append' && append.completes !== null && append.events.length === 1)
        run('append', [{ ...append, expectedVersion: append.expectedVersion + 1, completes: null }]);
      return value;
    },
  },
  {
    name: 'audit leaf missing',
    does: 'forgets the leaf of a kind of event',
    store: (run, db) => (method, args) => {
      const value = run(method, args);
      const events = method === 'append' ? (args[0] as StampedAppend).events : [];
      if (events.some(({ event }) => event.type === 'rollback.completed'))
        db.exec('DELETE FROM audit_leaves WHERE number = (SELECT max(number) FROM audit_leaves)');
      return value;
    },
  },
  {
    name: 'webhook answered before durable',
    does: 'acknowledges an event, and keeps it only when it is looked at',
    store: (run, db) => (method, args) => {
      const value = run(method, args);
      if (method === 'receive' && (args[0] as InboxItem).source === 'hook')
        db.prepare('DELETE FROM inbox WHERE delivery_id = ?').run((args[0] as InboxItem).deliveryId);
      return value;
    },
  },
  {
    name: 'redelivery taken for new',
    does: 'does not recognise an event that it has had',
    store: (run, db) => (method, args) => {
      if (method === 'receive') {
        const { deliveryId, task } = args[0] as InboxItem;
        db.prepare('DELETE FROM inbox WHERE delivery_id = ?').run(deliveryId);
        db.prepare('DELETE FROM ended_tasks WHERE key = ?').run(task.key);
      }
      return run(method, args);
    },
  },
  {
    name: 'ended deployment not kept',
    does: 'leaves the folded state of a deployment that has ended as it was',
    store: (run) => (method, args) => {
      if (method !== 'append') return run(method, args);
      const append = args[0] as StampedAppend;
      const deployments = append.deployments.filter(({ status }) => status.state !== 'completed');
      return run(method, [{ ...append, deployments }]);
    },
  },
  {
    name: 'version not checked',
    does: 'keeps a decision on a state that another has changed since',
    store: (run, db) => {
      const version = db
        .prepare<[string, string], number>(
          'SELECT version FROM lanes WHERE application = ? AND environment = ?',
        )
        .pluck();
      return (method, args) => {
        if (method !== 'append') return run(method, args);
        const append = args[0] as StampedAppend;
        const { application, environment } = append.lane;
        return run(method, [{ ...append, expectedVersion: version.get(application, environment) ?? 0 }]);
      };
    },
  },
];
