/**
 * Many rollouts in monitoring in one process: monitoring.ts LANES MINUTES, started by ../scale.ts. A real engine on a real store;
 * targets and traffic are made up, so that what is measured is Spillway's own.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../src/engine/engine.ts';
import { seconds } from '../../src/core/time.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { createDummyTarget } from '../../src/targets/dummy/index.ts';
import { addFleet } from './fleet.ts';
import { FleetTraffic } from './fleet-traffic.ts';
import { Punctuality } from './punctuality.ts';
import { fleetWorld, startInstances } from './world.ts';

/** What one run has shown. */
export interface Monitoring {
  readonly cores: number;
  readonly peakRssMb: number;
  readonly looks: number;
  /** Between two looks at one lane, the longest wait, s. */
  readonly longestWait: number;
  readonly startedWithin: number;
  readonly storeMb: number;
}

const MEGABYTE = 1024 * 1024;
const [lanes = 10_000, minutes = 2] = process.argv.slice(2).map(Number);
const dir = mkdtempSync(join(tmpdir(), 'spillway-scale-'));
const store = await openSqliteStore({ dir, chance: hostSystem });
await addFleet(store, lanes, hostSystem.now());
const target = createDummyTarget({ system: hostSystem });
await startInstances(store, target);
const punctuality = new Punctuality(hostSystem, target);
const world = fleetWorld({
  store,
  system: hostSystem,
  target: punctuality.target,
  traffic: new FleetTraffic(hostSystem),
});

const began = performance.now();
const engine = await Engine.create(world, {
  origin: 'bench',
  read: async () => undefined,
  write: async () => {},
});
await engine.start();
await punctuality.seen(lanes);
const startedWithin = (performance.now() - began) / 1000;
// The first looks are the start's, which has its own figure.
await hostSystem.sleep(seconds(20));
punctuality.begin();
const cpu = process.cpuUsage();
const from = performance.now();
let peakRss = 0;
for (let second = 0; second < minutes * 60; second++) {
  await hostSystem.sleep(seconds(1));
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
}
const took = performance.now() - from;
const used = process.cpuUsage(cpu);
const measured: Monitoring = {
  cores: (used.user + used.system) / 1000 / took,
  peakRssMb: peakRss / MEGABYTE,
  looks: punctuality.looks,
  longestWait: punctuality.longestWait() / 1000,
  startedWithin,
  storeMb: statSync(join(dir, 'store.db')).size / MEGABYTE,
};
await engine.stop();
await store.close();
rmSync(dir, { recursive: true });
console.log(JSON.stringify(measured));
