/** Hours of some rollouts on a virtual clock: day.ts LANES HOURS, started by ../scale.ts. What grows with time shows in the last hour. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hours, minutes } from '../../src/core/time.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { createDummyTarget } from '../../src/targets/dummy/index.ts';
import { bytesInUse } from '../../test/support/garbage.ts';
import { VirtualSystem } from '../../test/support/virtual-system.ts';
import { addFleet } from './fleet.ts';
import { FleetTraffic } from './fleet-traffic.ts';
import { fleetWorld, startInstances } from './world.ts';

/** Samples of an hour, and the mean of those before the last is what it is compared with. */
const SAMPLES = 6;

/** What one run has shown. */
export interface Day {
  /** By how much more is in use in the last hour than in the one before; 0.01 = 1%. */
  readonly slope: number;
}

const [lanes = 5, length = 24] = process.argv.slice(2).map(Number);
const system = new VirtualSystem();
const dir = mkdtempSync(join(tmpdir(), 'spillway-day-'));
const store = waitedFor(await openSqliteStore({ dir, chance: system }));
await addFleet(store, lanes, system.now());
const target = createDummyTarget({ system });
await startInstances(store, target);
const world = fleetWorld({ store, system, target, traffic: new FleetTraffic(system) });
const engine = await Engine.create(world, {
  origin: 'bench',
  read: async () => undefined,
  write: async () => {},
});
await engine.start();
await system.advance(hours(length - 2));
const before = await meanOfAnHour();
const last = await meanOfAnHour();
console.log(JSON.stringify({ slope: last / before - 1 } satisfies Day));
await Promise.all([engine.stop(), system.advance(minutes(1))]);
await store.close();
rmSync(dir, { recursive: true });

async function meanOfAnHour(): Promise<number> {
  let sum = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    await system.advance(minutes(60 / SAMPLES));
    sum += bytesInUse();
  }
  return sum / SAMPLES;
}

/** Time stands still while the store is at work. */
function waitedFor(real: Store): Store {
  let calls = 0;
  system.busy = () => calls > 0;
  const waited = Object.entries(real).map(([name, method]) => [
    name,
    async (...args: readonly unknown[]) => {
      calls++;
      return (method as (...values: readonly unknown[]) => Promise<unknown>)(...args).finally(() => calls--);
    },
  ]);
  return { ...(Object.fromEntries(waited) as Store), onNews: (listener) => real.onNews(listener) };
}
