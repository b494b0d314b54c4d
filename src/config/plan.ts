import { SpillwayError } from '../core/errors.ts';
import type { Plan } from '../core/plan.ts';
import { ALL_GATES } from './checks.ts';
import type { Config, EnvironmentConfig } from './config.ts';

/**
 * Everything that is configured for one deployment. Gates: the environment's, then the trigger's, then those that they
 * need, each once.
 * @param trigger index into the configuration's triggers; none for a deployment by hand
 * @throws SpillwayError `not_found` for an environment or a trigger that the configuration does not have
 */
export function planFor(config: Config, environment: string, trigger?: number): Plan {
  const own = environmentOf(config, environment);
  const asked = trigger === undefined ? undefined : config.triggers[trigger];
  if (trigger !== undefined && asked === undefined)
    throw new SpillwayError('not_found', `the configuration has no trigger ${trigger}`, {
      where: 'triggers',
    });
  const names = withNeeds(own, [...own.requiredGates, ...(asked?.gates ?? [])]);
  return { ...own.plan, gates: names.flatMap((name) => own.gates[name] ?? []) };
}

/** @throws SpillwayError `not_found` */
export function environmentOf(config: Config, environment: string): EnvironmentConfig {
  const own = Object.hasOwn(config.environments, environment) ? config.environments[environment] : undefined;
  if (own) return own;
  throw new SpillwayError('not_found', `${config.application} has no environment ${environment}`, {
    where: 'environments',
    hint: `it has: ${Object.keys(config.environments).join(', ')}`,
  });
}

/** Sets written out, and every gate after those that it needs. */
function withNeeds(environment: EnvironmentConfig, names: readonly string[]): string[] {
  const ordered = new Set<string>();
  const add = (name: string): void => {
    if (name === ALL_GATES) return Object.keys(environment.gates).forEach(add);
    if (ordered.has(name)) return;
    environment.gates[name]?.needs.forEach(add);
    ordered.add(name);
  };
  names.forEach(add);
  return [...ordered];
}
