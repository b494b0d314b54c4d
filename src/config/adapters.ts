import type { z } from 'zod';
import type { JsonObject } from '../core/json.ts';
import { DEFAULT_ENVIRONMENT } from './defaults.ts';
import type { Source } from './document.ts';
import { at, expectation, notBuiltProblem, problemsOf, valueAt } from './issues.ts';
import { nearestOf, pathText, type Path, type Problem } from './problem.ts';
import { A_DURATION, parseDuration } from './vocabulary/values.ts';

/**
 * What adapters take as settings, by kind; the composition root hands them in, so that configuration knows no adapter.
 *
 * A schema gets the settings as written, without `type` and `instances`; lengths of time (keys that end in `timeout`,
 * `interval`, `period` or `duration`) in milliseconds; and for a target what the file says under `health:` about one
 * check (`path`, `status`, `body`, `timeout`), if anything. It puts out plain JSON, which it also takes in, since a plan
 * is read again later.
 */
export interface AdapterSchemas {
  readonly targets: Readonly<Record<string, z.ZodType>>;
  readonly traffic: Readonly<Record<string, z.ZodType>>;
  readonly metrics: Readonly<Record<string, z.ZodType>>;
}

export interface AdapterSettings {
  readonly type: string;
  readonly settings: JsonObject;
}

/** One environment's target, traffic and metrics; undefined where a problem says why. */
export interface RuntimeSettings {
  readonly target: AdapterSettings | undefined;
  readonly traffic: AdapterSettings | undefined;
  readonly metrics: AdapterSettings | undefined;
}

/** Kinds that are specified, beside those that are handed in. */
const SPECIFIED = {
  target: ['process', 'ssh', 'static', 'compose', 'kubernetes', 'otp', 'command'],
  traffic: ['edge', 'haproxy', 'nginx', 'caddy', 'gateway-api', 'k8s-service', 'flagger', 'argo-rollouts'],
  metrics: ['traffic', 'prometheus', 'http-json', 'otlp'],
} as const;
const USUAL = { target: 'process', traffic: 'edge', metrics: 'traffic' } as const;
type Part = keyof typeof USUAL;

/** The part of `health:` that is about one check and thus the target's. */
const CHECK_KEYS = new Set(['path', 'status', 'body', 'timeout']);

/** Checks an environment's target, traffic and metrics, with what the top of the file says about them beneath. */
export function runtimeSettings(
  source: Source,
  environment: string,
  schemas: AdapterSchemas,
  problems: Problem[],
): RuntimeSettings {
  const health = layered(source, environment, 'health');
  const check = Object.entries(health.merged).filter(([key]) => CHECK_KEYS.has(key));
  const extra: Layer = {
    merged: check.length > 0 ? { health: Object.fromEntries(check) } : {},
    locate: (path) => health.locate(path.slice(1)),
  };
  return {
    target: settingsOf(source, environment, 'target', schemas.targets, problems, extra),
    traffic: settingsOf(source, environment, 'traffic', schemas.traffic, problems),
    metrics: settingsOf(source, environment, 'metrics', schemas.metrics, problems),
  };
}

function settingsOf(
  source: Source,
  environment: string,
  part: Part,
  schemas: AdapterSchemas['targets'],
  problems: Problem[],
  extra: Layer = { merged: {}, locate: (path) => path },
): AdapterSettings | undefined {
  const { merged, locate: locateOwn } = layered(source, environment, part);
  const locate = (path: Path): Path =>
    path[0] !== undefined && Object.hasOwn(extra.merged, path[0]) ? extra.locate(path) : locateOwn(path);
  const { type = USUAL[part], instances: _, stale_after: __, ...written } = merged;
  if (typeof type !== 'string') return undefined; // the file's own schema objects
  const schema = Object.hasOwn(schemas, type) ? schemas[type] : undefined;
  if (!schema) {
    problems.push(unknownKind(source, locate(['type']), part, type, Object.keys(schemas)));
    return undefined;
  }
  const reported = new Set<string>();
  const settings = withMilliseconds({ ...written, ...extra.merged }, (path) => {
    reported.add(pathText(path));
    problems.push(unexpected(source, locate(path), A_DURATION));
  });
  const parsed = schema.safeParse(settings, { error: expectation });
  if (parsed.success) return reported.size === 0 ? { type, settings: parsed.data as JsonObject } : undefined;
  const issues = parsed.error.issues.filter((issue) => !reported.has(pathText(issue.path as Path)));
  problems.push(...problemsOf(issues, source, locate));
  return undefined;
}

/** Settings with lengths of time in milliseconds. A bare number for one is refused: it does not say of what. */
function withMilliseconds(
  settings: Readonly<Record<string, unknown>>,
  refuse: (path: Path) => void,
  above: Path = [],
): Record<string, unknown> {
  const put: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const path = [...above, key];
    if (/(?:^|_)(?:timeout|interval|period|duration)$/.test(key)) {
      put[key] = typeof value === 'string' ? parseDuration(value) : undefined;
      if (put[key] === undefined) refuse(path);
    } else put[key] = isMap(value) && key !== 'env' ? withMilliseconds(value, refuse, path) : value;
  }
  return put;
}

function unexpected(source: Source, path: Path, expected: string): Problem {
  const found = JSON.stringify(valueAt(source.value, path)) ?? 'nothing';
  return at(source, path, 'value', `${pathText(path)} should be ${expected}, not ${found}`, { expected });
}

interface Layer {
  readonly merged: Readonly<Record<string, unknown>>;
  /** Where a part of it stands in the file. */
  readonly locate: (path: Path) => Path;
}

/** The map under `key` at the top, with the environment's over it; one of another `type` replaces it. */
function layered(source: Source, environment: string, key: string): Layer {
  const ownPath: Path = ['environments', environment, key];
  const own = valueAt(source.value, ownPath);
  const below = asMap(own);
  const top = asMap(valueAt(source.value, [key]));
  const replaced = below['type'] !== undefined && below['type'] !== (top['type'] ?? below['type']);
  const above = replaced ? {} : top;
  const merged = { ...above, ...below };
  if (isMap(above['env']) && isMap(below['env'])) merged['env'] = { ...above['env'], ...below['env'] };
  const locate = (path: Path): Path => {
    const here = own !== undefined && valueAt(source.value, [...ownPath, ...path]) !== undefined;
    const there = !replaced && valueAt(source.value, [key, ...path]) !== undefined;
    return here || (own !== undefined && !there) ? [...ownPath, ...path] : [key, ...path];
  };
  return { merged, locate };
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The map itself, or an empty one for what is none (its schema objects). */
export const asMap = (value: unknown): Readonly<Record<string, unknown>> => (isMap(value) ? value : {});

function unknownKind(
  source: Source,
  path: Path,
  part: Part,
  type: string,
  known: readonly string[],
): Problem {
  const specified: readonly string[] = SPECIFIED[part];
  if (specified.includes(type)) return notBuiltProblem(source, path, `${part} type ${type}`);
  const nearest = nearestOf(type, known);
  const guess = nearest ? `; did you mean ${nearest}?` : '';
  const message = `there is no ${part} type ${JSON.stringify(type)}; known: ${known.join(', ')}${guess}`;
  return at(source, path, 'value', message, {
    code: 'unknown_kind',
    expected: `one of ${known.join(', ')}`,
    ...(nearest ? { nearest } : {}),
  });
}

/** The environments that a file names; the one that it has when it names none. */
export const environmentNames = (value: unknown): string[] => {
  const names = Object.keys(asMap(valueAt(value, ['environments'])));
  return names.length > 0 ? names : [DEFAULT_ENVIRONMENT];
};
