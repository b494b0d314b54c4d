import type { World } from '../../src/engine/world.ts';
import type { Store } from '../../src/ports/store.ts';
import type { System } from '../../src/ports/system.ts';
import type { Target } from '../../src/ports/target.ts';
import type { Traffic } from '../../src/ports/traffic.ts';

interface Parts {
  readonly store: Store;
  readonly system: System;
  readonly target: Target;
  readonly traffic: Traffic;
}

/** Lanes that run already, and nothing else: nobody is told, and nothing comes in. */
export function fleetWorld({ store, system, target, traffic }: Parts): World {
  const none = (what: string) => async () => {
    throw new Error(`there is no ${what} in this benchmark`);
  };
  return {
    store,
    system,
    log: { info: () => undefined, warn: console.error, error: console.error },
    applications: {
      concerned: () => [],
      source: none('source'),
      channels: () => [],
      notifier: none('channel'),
    },
    secrets: { value: () => undefined, versionKey: Buffer.from('bench') },
    schemas: { targets: {}, traffic: {}, metrics: {} },
    target: async () => target,
    traffic: async () => traffic,
    metrics: none('metric source'),
    gate: none('gate'),
    trigger: none('trigger'),
    reviewer: none('reviewer'),
    freeDisk: async () => 8 * 1024 ** 3,
  };
}

/** What should run does run before the engine begins. */
export async function startInstances(store: Store, target: Target): Promise<void> {
  for (const id of await store.lanes()) {
    const { lane } = await store.loadLane(id);
    for (const { id: deployment, revision, previous } of lane.deployments)
      for (const one of [revision, previous]) {
        if (one === null) continue;
        await target.prepare(id, one, '');
        const count = one.runtime.instances;
        await target.start({
          key: `${deployment}/start`,
          lane: id,
          deployment,
          revision: one,
          count,
        } as never);
      }
  }
}
