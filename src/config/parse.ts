import { applicationName, environmentName } from '../core/ids.ts';
import type { Plan } from '../core/plan.ts';
import { milliseconds } from '../core/time.ts';
import { percentOf } from '../core/weights.ts';
import {
  asMap,
  environmentNames,
  isMap,
  runtimeSettings,
  type AdapterSchemas,
  type AdapterSettings,
  type RuntimeSettings,
} from './adapters.ts';
import { crossChecks } from './checks.ts';
import type { Config, EnvironmentConfig } from './config.ts';
import * as defaults from './defaults.ts';
import { readSource, type Source } from './document.ts';
import { gatesOf } from './gates.ts';
import { at, expectation, problemsOf, valueAt } from './issues.ts';
import { MAX_PROBLEMS, type Path, type Problem } from './problem.ts';
import { referencesIn } from './references.ts';
import { metricsOf } from './metrics.ts';
import * as rollout from './rollout.ts';
import { spillwayFile, type EnvironmentInput, type FileInput } from './vocabulary/spillway.ts';
import { triggersOf } from './triggers.ts';

export interface ParsedConfig {
  /** undefined when any problem is an error. */
  readonly config: Config | undefined;
  /** All of them at once, in the order of the file. */
  readonly problems: readonly Problem[];
}

/**
 * Reads a `spillway.yaml`. It never throws: whatever is wrong comes back as problems, each with its place.
 * @param text the file's text or bytes
 * @param file its name, for messages
 */
export function parseConfig(text: string | Uint8Array, file: string, adapters: AdapterSchemas): ParsedConfig {
  const source = singleTriggerAsList(readSource(text, file));
  if (!source.readable) return { config: undefined, problems: sorted(source.problems) };
  const tooMany = sizeProblem(source);
  if (tooMany) return { config: undefined, problems: [tooMany] };
  const parsed = spillwayFile.safeParse(source.value ?? {}, { error: expectation });
  const problems: Problem[] = [...source.problems];
  if (!parsed.success) problems.push(...problemsOf(parsed.error.issues, source));
  problems.push(...crossChecks(source, source.value));
  const runtimes = environmentNames(source.value).map((name) =>
    runtimeSettings(source, name, adapters, problems),
  );
  problems.push(...portClashes(source, runtimes));
  const all = sorted(problems);
  if (!parsed.success || all.some((problem) => problem.severity === 'error'))
    return { config: undefined, problems: all };
  return { config: configOf(source, parsed.data, runtimes), problems: all };
}

/** `trigger:` with `action`, `condition`, `approval` and `gates` beside it says the same as a list of one. */
function singleTriggerAsList(source: Source): Source {
  const { value } = source;
  if (!isMap(value) || value['trigger'] === undefined || value['triggers'] !== undefined) return source;
  const { trigger, action, condition, approval, gates, ...rest } = value;
  const beside = Object.fromEntries(
    Object.entries({ action, condition, approval, gates: Array.isArray(gates) ? gates : undefined }).filter(
      ([, given]) => given !== undefined,
    ),
  );
  const own = asMap(trigger);
  const moved = (path: Path): Path => {
    if (path[0] !== 'triggers') return path;
    const [, , key, ...deeper] = path;
    if (key === undefined) return ['trigger'];
    return Object.hasOwn(own, key) || !Object.hasOwn(beside, key)
      ? ['trigger', key, ...deeper]
      : [key, ...deeper];
  };
  return {
    ...source,
    value: {
      ...rest,
      ...(Array.isArray(gates) || gates === undefined ? {} : { gates }),
      triggers: [isMap(trigger) ? { ...beside, ...trigger } : trigger],
    },
    position: (path, of) => source.position(moved(path), of),
    written: (path) => source.written(moved(path)),
  };
}

/** Above these the checks, which compare much with much, are not begun. */
const MAX_ENTRIES = { environments: 50, gates: 200, triggers: 200 } as const;

function sizeProblem(source: Source): Problem | undefined {
  const { value = {} } = source;
  if (value !== null && !isMap(value))
    return at(source, [], 'value', 'the document should be a map, such as application: shop');
  for (const [key, most] of Object.entries(MAX_ENTRIES)) {
    const entries = valueAt(value, [key]);
    const count = typeof entries === 'object' && entries !== null ? Object.keys(entries).length : 0;
    if (count > most)
      return at(source, [key], 'key', `${key} has ${count} entries; at most ${most} are taken`);
  }
  return undefined;
}

/** Two environments of one application cannot take in users at the same port of the same host. */
function portClashes(source: Source, runtimes: readonly RuntimeSettings[]): Problem[] {
  const taken = new Map<number, string>();
  return environmentNames(source.value).flatMap((name, i) => {
    const traffic = runtimes[i]?.traffic;
    const port = valueAt(traffic?.settings, ['listen', 'port']);
    if (typeof port !== 'number') return [];
    const other = taken.get(port);
    if (other === undefined) taken.set(port, name);
    const message = `${other} and ${name} both listen on port ${port}; give each its own traffic.listen`;
    return other === undefined
      ? []
      : [at(source, ['environments', name, 'traffic', 'listen'], 'value', message)];
  });
}

/** In the order of the file, each once; what lies inside a trigger whose event is refused is left out. */
function sorted(problems: readonly Problem[]): Problem[] {
  const refused = problems
    .filter((p) => p.code === 'not_built' && /^triggers\[\d+\]\.event$/.test(p.path))
    .map((p) => p.path.slice(0, -'event'.length));
  const seen = new Set<string>();
  return problems
    .filter((p) => p.path.endsWith('.event') || !refused.some((prefix) => p.path.startsWith(prefix)))
    .filter((p) => {
      const key = `${p.line}:${p.column}:${p.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .slice(0, MAX_PROBLEMS);
}

function configOf(source: Source, file: FileInput, runtimes: readonly RuntimeSettings[]): Config {
  const environments = Object.entries(file.environments ?? { [defaults.DEFAULT_ENVIRONMENT]: {} });
  return {
    application: applicationName(file.application),
    source: file.source ?? null,
    environments: Object.fromEntries(
      environments.map(([name, own], i) => [name, environmentConfig(file, name, own, runtimes[i])]),
    ),
    triggers: triggersOf(file),
    webhooks: (file.notification_channels?.webhook ?? []).map((channel) => ({
      url: channel.url,
      secret: channel.secret ?? null,
      events: channel.events ?? null,
    })),
    references: referencesIn(source),
  };
}

function environmentConfig(
  file: FileInput,
  name: string,
  own: EnvironmentInput,
  runtime: Partial<RuntimeSettings> = {},
): EnvironmentConfig {
  const nothing: AdapterSettings = { type: '', settings: {} };
  const canary = rollout.overlay(file.canary, own.canary);
  const triggers = rollout.triggersOf(file, own);
  const strategy = rollout.strategyOf(name, file, own);
  const steps = strategy === 'canary' ? rollout.canarySteps(canary) : [rollout.immediateStep()];
  const back = rollout.overlay(file.rollback, own.rollback);
  const attempts = back.max_attempts ?? defaults.MAX_ATTEMPTS;
  const { rolling_back: rollingBack, ...deadlines } = rollout.overlay(file.deadlines, own.deadlines);
  const plan: Omit<Plan, 'gates'> = {
    strategy,
    steps,
    ...rollout.riskBudgetOf(strategy, canary),
    pace: canary.pace ?? 'time',
    onInconclusive: canary.on_inconclusive ?? 'pause',
    artifact: { path: file.artifact?.path ?? '.', build: file.artifact?.build ?? null },
    runtime: {
      target: runtime.target ?? nothing,
      traffic: runtime.traffic ?? nothing,
      instances: own.target?.instances ?? file.target?.instances ?? 1,
    },
    analysis: {
      ...rollout.analysisOf(own.monitoring ?? defaults.monitoringOf(name), canary, triggers),
      ...metricsOf(file, own, runtime.metrics),
    },
    health: rollout.healthPlanOf(rollout.overlay(file.health, own.health), triggers),
    rollback: {
      when: own.rollback_strategy ?? defaults.rollbackWhen(name),
      maxAttempts: attempts,
      // The limit holds for all attempts together.
      toZero: milliseconds(Math.floor((back.timeout ?? defaults.TO_ZERO) / attempts)),
    },
    soak:
      own.soak_duration ??
      defaults.soakOf(
        name,
        steps.map((step) => percentOf(step.weight)),
      ),
    duringSoak: own.during_soak ?? (name === 'staging' ? 'hold' : 'replace'),
    pauseLimit: own.pause_limit ?? file.pause_limit ?? defaults.PAUSE_LIMIT,
    deadlines: {
      ...defaults.deadlinesOf(name),
      ...defined(deadlines),
      ...(rollingBack === undefined ? {} : { rollingBack }),
    },
  };
  return {
    name: environmentName(name),
    requiredGates: own.required_gates ?? [],
    gates: gatesOf(file, own),
    plan,
  };
}

/** Without the keys that hold undefined. */
const defined = <Value extends object>(value: Value) =>
  Object.fromEntries(Object.entries(value).filter(([, given]) => given !== undefined)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>;
  };
