import type { GatePlan } from '../core/plan.ts';
import type { Condition } from '../core/condition.ts';
import { GATE_TIMEOUT } from './defaults.ts';
import type { EnvironmentInput, FileInput } from './vocabulary/spillway.ts';

/**
 * The settings of a `command` gate, as they stand in a plan. Without conditions the command's exit code decides.
 */
export interface CommandGateSettings {
  readonly command: readonly string[];
  readonly conditions: readonly Condition[];
  readonly on_missing: 'fail' | 'warn';
}

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
      const settings: CommandGateSettings = {
        command: gate.run ?? [],
        conditions: [...kept, ...changed],
        on_missing: own.on_missing ?? gate.on_missing ?? 'fail',
      };
      const plan: GatePlan = {
        name,
        timeout: own.timeout ?? gate.timeout ?? GATE_TIMEOUT,
        onFailure: own.on_failure ?? gate.on_failure ?? 'block',
        needs: gate.needs ?? [],
        run: {
          type: 'command',
          settings: { ...settings, conditions: settings.conditions.map((c) => ({ ...c })) },
        },
      };
      return [name, plan];
    }),
  );
}
