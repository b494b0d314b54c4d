import type { GatePlan } from '../core/plan.ts';
import { GATE_TIMEOUT } from './defaults.ts';
import type { EnvironmentInput, FileInput } from './vocabulary/spillway.ts';

/** The file's gates with one environment's changes: its conditions replace those for the same figure. */
export function gatesOf(file: FileInput, environment: EnvironmentInput): Record<string, GatePlan> {
  return Object.fromEntries(
    Object.entries(file.gates ?? {}).map(([name, gate]) => {
      const own = environment.gates?.[name] ?? {};
      const changed = [...(own.condition ?? []), ...(own.conditions ?? [])];
      const figures = new Set(changed.map((condition) => condition.figure));
      const kept = [...(gate.condition ?? []), ...(gate.conditions ?? [])].filter(
        (c) => !figures.has(c.figure),
      );
      const plan: GatePlan = {
        name,
        timeout: own.timeout ?? gate.timeout ?? GATE_TIMEOUT,
        onFailure: own.on_failure ?? gate.on_failure ?? 'block',
        needs: gate.needs ?? [],
        run: {
          type: 'command',
          settings: {
            command: gate.run ?? [],
            conditions: [...kept, ...changed].map((condition) => ({ ...condition })),
            on_missing: own.on_missing ?? gate.on_missing ?? 'fail',
            env: gate.env ?? {},
          },
        },
      };
      return [name, plan];
    }),
  );
}
