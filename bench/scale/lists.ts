import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../src/engine/engine.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { createServer } from '../../src/http/index.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { createDummyTarget } from '../../src/targets/dummy/index.ts';
import { quantileOf } from '../../test/support/quantile.ts';
import { addFleet } from './fleet.ts';
import { FleetTraffic } from './fleet-traffic.ts';
import { fleetWorld } from './world.ts';

const DEPLOYMENTS = 10_000;
const REQUESTS = 200;

/** Pages of 200, newest first, over HTTP from a store with 10,000 deployments. @returns p95 of each kind of list, ms */
export async function measureLists(): Promise<Readonly<Record<string, number>>> {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-lists-'));
  const store = await openSqliteStore({ dir, chance: hostSystem });
  await addFleet(store, DEPLOYMENTS, hostSystem.now());
  const target = createDummyTarget({ system: hostSystem });
  const world = fleetWorld({ store, system: hostSystem, target, traffic: new FleetTraffic(hostSystem) });
  const key = { origin: 'bench', read: async () => undefined, write: async () => {} };
  // It is not started: only what it answers is asked for.
  const server = await createServer(await Engine.create(world, key), {
    socket: join(dir, 'api.sock'),
    tcp: { host: '127.0.0.1', port: 0 },
    hooks: {},
    telemetry: null,
    version: 'bench',
    now: () => hostSystem.now(),
    onError: (error) => console.error(error),
  });
  const [oldest] = (await store.deployments({ limit: DEPLOYMENTS })).slice(-300);
  const p95 = async (query: string) => {
    const took: number[] = [];
    for (let n = 0; n < REQUESTS; n++) {
      const began = performance.now();
      const answer = await fetch(`${server.address}/api/v1/deployments?limit=200&${query}`);
      const { items } = (await answer.json()) as { readonly items: readonly unknown[] };
      if (items.length === 0) throw new Error(`nothing was listed for ${query}`);
      took.push(performance.now() - began);
    }
    return quantileOf(took, 0.95);
  };
  const found = {
    newest: await p95(''),
    'of a state': await p95('state=monitoring'),
    'of an environment and two states': await p95('environment=production&state=deploying,monitoring'),
    'of one application': await p95('application=app-05000'),
    'an old page': await p95(`before=${oldest?.id}`),
  };
  await server.close();
  await store.close();
  rmSync(dir, { recursive: true });
  return found;
}
