import { z } from 'zod';
import type { World } from '../../../src/engine/world.ts';
import type { Store } from '../../../src/ports/store.ts';
import { manualTrigger } from '../../../src/triggers/manual/index.ts';
import { applicationName } from '../../../src/core/ids.ts';
import { SpillwayError } from '../../../src/core/errors.ts';
import type { SimProcess } from '../process.ts';
import type { Surroundings, Wire } from '../wire.ts';
import { gateOver, notifierOver, sourceOver, targetOver, trafficOver, type Parts } from './drivers.ts';
import { hookTrigger } from './trigger.ts';

/** The world as one process of Spillway sees it: every call may fail on its way. */
export function worldOf(
  process: SimProcess,
  store: Store,
  wire: Wire,
  parts: Parts,
  around: Surroundings,
): World {
  const { trace } = around;
  const settings = z.record(z.string(), z.json());
  const said = (level: string) => (fields: object, message: string) => {
    const err = 'err' in fields ? ` (${String(fields.err)})` : '';
    const task = 'task' in fields ? ` ${String(fields.task)}` : '';
    if (process.alive) trace.add(process.name, `${level}: ${message}${task}${err}`);
  };
  const { mutant } = parts;
  const rightTarget = targetOver(parts, wire, around);
  const rightTraffic = trafficOver(parts, wire, around);
  const target = mutant?.target?.(rightTarget) ?? rightTarget;
  const traffic = mutant?.traffic?.(rightTraffic) ?? rightTraffic;
  const source = sourceOver(parts, wire, around);
  const notifier = notifierOver(parts, wire, around);
  const only =
    <Part>(part: Part) =>
    async (type: string): Promise<Part> => {
      if (type === 'sim') return part;
      throw new SpillwayError('unknown_kind', `there is no ${type} in the simulation`);
    };
  return {
    store,
    system: process,
    log: { info: () => undefined, warn: said('warn'), error: said('error') },
    applications: {
      concerned: (_trigger, { metadata: { application } }) =>
        typeof application === 'string' ? [applicationName(application)] : [],
      source: async () => source,
      channels: () => ['ops'],
      notifier: async () => notifier,
    },
    secrets: { value: () => undefined, versionKey: Buffer.from('simulated') },
    schemas: { targets: { sim: settings }, traffic: { sim: settings }, metrics: { traffic: settings } },
    target: only(target),
    traffic: only(traffic),
    metrics: only<never>(undefined as never),
    gate: async () => gateOver(parts, wire, around),
    trigger: async (name) => (name === 'hook' ? hookTrigger : manualTrigger(() => process.id())),
    reviewer: async () => {
      throw new SpillwayError('not_found', 'nobody reviews in the simulation');
    },
    freeDisk: async () => 8 * 1024 ** 3,
  };
}
