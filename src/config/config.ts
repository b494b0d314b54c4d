import type { ApplicationName, EnvironmentName } from '../core/ids.ts';
import type { GatePlan, Plan } from '../core/plan.ts';
import type { Path } from './problem.ts';

/** A configuration that has been checked, with every default filled in. Plain data; references stay references. */
export interface Config {
  readonly application: ApplicationName;
  /** Path or URL of the repository; null = the one that Spillway hosts. */
  readonly source: string | null;
  /** In the order of the file. */
  readonly environments: Readonly<Record<string, EnvironmentConfig>>;
  readonly triggers: readonly TriggerConfig[];
  readonly webhooks: readonly WebhookChannel[];
  readonly references: readonly Reference[];
}

export interface EnvironmentConfig {
  readonly name: EnvironmentName;
  /** Gates that every deployment here must pass, named sets written out. */
  readonly requiredGates: readonly string[];
  /** All defined gates, with this environment's conditions. */
  readonly gates: Readonly<Record<string, GatePlan>>;
  /** Everything of a plan but the gates, which the trigger may add to. */
  readonly plan: Omit<Plan, 'gates'>;
}

export interface TriggerConfig {
  readonly event: 'push' | 'workflow_dispatch';
  readonly action: 'deploy' | 'rollback';
  /** null = the one that the event names (`inputs.environment`). */
  readonly environment: EnvironmentName | null;
  readonly branches: Filter | null;
  readonly tags: Filter | null;
  readonly paths: Filter | null;
  readonly condition: string | null;
  readonly gates: readonly string[];
  readonly inputs: Readonly<Record<string, InputConfig>>;
}

/** Globs that let in, or with `ignore` keep out. */
export interface Filter {
  readonly globs: readonly string[];
  readonly ignore: boolean;
}

export interface InputConfig {
  readonly type: 'string' | 'choice' | 'boolean' | 'number' | 'environment';
  readonly required: boolean;
  readonly description: string;
  readonly options: readonly string[] | null;
  readonly default: string | number | boolean | null;
}

export interface WebhookChannel {
  readonly url: string;
  readonly secret: string | null;
  /** Types of notification, `deployment.*` for a family; null = all. */
  readonly events: readonly string[] | null;
}

/** A `${NAME}` in the file. */
export interface Reference {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: Path;
}
