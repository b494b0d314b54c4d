/**
 * A replica in a process of its own: replica.ts DATABASE_URL, started by ../support/replica-process.ts. Engine and store are the real
 * ones; targets and traffic are its parent's, which all replicas share and which outlives each of them. It ends with its parent.
 */
import { enableCompileCache } from 'node:module';
import { z } from 'zod';
import { messageOf, SpillwayError, type ErrorCode } from '../../../src/core/errors.ts';
import { applicationName } from '../../../src/core/ids.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import type { AppendResult, Store } from '../../../src/ports/store.ts';
import type { Target } from '../../../src/ports/target.ts';
import type { Traffic } from '../../../src/ports/traffic.ts';
import type { FromReplica, PortName, ToReplica } from '../support/messages.ts';
import { AllReleases, commitOf } from '../support/releases.ts';

enableCompileCache();
const { Engine } = await import('../../../src/engine/engine.ts');
const { openPostgresStore } = await import('../../../src/store/postgres/index.ts');
const { manualTrigger } = await import('../../../src/triggers/manual/index.ts');

const [url = ''] = process.argv.slice(2);
const tell = (message: FromReplica) => void process.send?.(message);

const waiting = new Map<number, PromiseWithResolvers<unknown>>();
let calls = 0;
const ask =
  (port: PortName, method: string) =>
  (...args: readonly unknown[]): Promise<unknown> => {
    const id = (calls += 1);
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    tell({ kind: 'call', id, port, method, args });
    return answer.promise;
  };
const portOf = (port: PortName, methods: readonly string[]) =>
  Object.fromEntries(methods.map((method) => [method, ask(port, method)]));

const target = {
  capabilities: { sideBySide: true },
  ...portOf('target', ['observe', 'prepare', 'start', 'stop', 'remove', 'logs']),
} as unknown as Target;
const traffic = portOf('traffic', ['observe', 'set', 'drain', 'watchSlow', 'counts']) as unknown as Traffic;

/** Tells of what the store has promised, right after it has. */
function telling(store: Store): Store {
  const kept = <Result extends AppendResult>(result: Result, key: string | undefined): Result => {
    if (!result.ok) return result;
    const { events } = result as Extract<AppendResult, { readonly ok: true }>;
    tell({
      kind: 'kept',
      events: events.map(({ sequence, id, event: { type } }) => ({ sequence, id, type })),
    });
    return concluded(result, key);
  };
  const concluded = <Result>(result: Result, key: string | undefined): Result => {
    if (result !== false && key !== undefined) tell({ kind: 'concluded', key });
    return result;
  };
  return {
    ...store,
    append: async (append) => kept(await store.append(append), append.completes?.key),
    record: async (events, tasks, completes) =>
      kept(await store.record(events, tasks, completes), completes?.key),
    finish: async (key, fence) => concluded(await store.finish(key, fence), key),
    retry: async (key, ...rest) => concluded(await store.retry(key, ...rest), key),
    claim: async (...asked) => {
      const claimed = await store.claim(...asked);
      if (claimed.length > 0)
        tell({ kind: 'claimed', tasks: claimed.map(({ key, priority }) => ({ key, priority })) });
      return claimed;
    },
  };
}

const none = (what: string) => async () => {
  throw new SpillwayError('not_found', `there is no ${what} here`);
};
const settings = z.record(z.string(), z.json());
const say = (level: string) => (fields: object, message: string) => {
  const { err, ...rest } = fields as { readonly err?: unknown };
  console.error(`${level} ${process.pid} ${message} ${messageOf(err)} ${JSON.stringify(rest)}`);
};
const store = telling(await openPostgresStore({ url, system: hostSystem }));
const engine = await Engine.create(
  {
    store,
    system: hostSystem,
    log: { info: () => undefined, warn: say('warn'), error: say('error') },
    applications: {
      concerned: (_trigger, { metadata: { application } }) =>
        typeof application === 'string' ? [applicationName(application)] : [],
      source: async (application) => new AllReleases(application),
      channels: () => [],
      notifier: none('channel'),
    },
    secrets: { value: () => undefined, versionKey: Buffer.from('faults') },
    schemas: { targets: { dummy: settings }, traffic: { dummy: settings }, metrics: { traffic: settings } },
    target: async () => target,
    traffic: async () => traffic,
    metrics: none('metric source'),
    gate: none('gate'),
    trigger: async () => manualTrigger(() => hostSystem.id()),
    reviewer: none('reviewer'),
    freeDisk: async () => 8 * 1024 ** 3,
  },
  { origin: 'faults', read: async () => undefined, write: async () => {} },
);

async function take({ id, application, version }: Extract<ToReplica, { readonly kind: 'request' }>) {
  const body = { application, environment: 'production', ref: commitOf(version), actor: 'ada' };
  try {
    const { status } = await engine.ingest('manual', {
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: Buffer.from(JSON.stringify(body)),
      receivedAt: hostSystem.now(),
      ipAddress: '127.0.0.1',
    });
    tell({ kind: 'answer', id, accepted: status === 'accepted' || status === 'duplicate', why: status });
  } catch (error) {
    tell({ kind: 'answer', id, accepted: false, why: String(error) });
  }
}

process.on('disconnect', () => process.exit());
process.on('message', (message: ToReplica) => {
  if (message.kind === 'request') return void take(message);
  const { id, value, error } = message;
  if (error === null) waiting.get(id)?.resolve(value);
  else waiting.get(id)?.reject(new SpillwayError(error.code as ErrorCode, error.message));
  waiting.delete(id);
});
await engine.start();
tell({ kind: 'ready' });
