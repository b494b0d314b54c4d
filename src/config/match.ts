import type { Json, JsonObject } from '../core/json.ts';
import type { Config, Filter, TriggerConfig } from './config.ts';
import { evaluateCondition } from './expression.ts';
import { matchesGlobs } from './globs.ts';

/** What of an event its triggers look at. */
export interface EventFacts {
  readonly type: 'push' | 'pr' | 'tag' | 'manual' | 'schedule' | 'webhook';
  readonly actor: string;
  /** `refs/heads/main`, `refs/tags/v1.2.3`. */
  readonly gitRef: string | null;
  readonly commitSha: string | null;
  readonly version: string | null;
  readonly metadata: JsonObject;
}

export interface Match {
  readonly action: 'deploy' | 'rollback';
  readonly environment: string;
  /** Index into the configuration's triggers; null = asked for by hand, where no trigger says how that goes. */
  readonly trigger: number | null;
  readonly why: string;
}

export interface Miss {
  readonly trigger: number;
  readonly why: string;
}

export interface Matches {
  /** At most one for an environment and action: the first in the file. */
  readonly matches: readonly Match[];
  readonly misses: readonly Miss[];
}

/**
 * Which triggers an event sets off, and why each of the others is not.
 * @param changedPaths of the push; null = unknown, which lets a filter for paths pass
 */
export function matchTriggers(
  config: Config,
  event: EventFacts,
  changedPaths: readonly string[] | null,
): Matches {
  const matches: Match[] = [];
  const misses: Miss[] = [];
  config.triggers.forEach((trigger, index) => {
    const answer = answerOf(trigger, event, changedPaths);
    const environment = trigger.environment ?? askedEnvironment(config, event);
    const earlier = matches.find((m) => m.environment === environment && m.action === trigger.action);
    const objection = answer.matches ? environmentObjection(config, environment, earlier) : answer.why;
    if (objection !== undefined || environment === undefined)
      misses.push({ trigger: index, why: objection ?? answer.why });
    else matches.push({ action: trigger.action, environment, trigger: index, why: answer.why });
  });
  if (event.type === 'manual' && !config.triggers.some((trigger) => trigger.event === 'workflow_dispatch')) {
    const environment = askedEnvironment(config, event);
    if (environment !== undefined && environmentObjection(config, environment, undefined) === undefined)
      matches.push({ action: 'deploy', environment, trigger: null, why: 'asked for by hand' });
  }
  return { matches, misses };
}

function environmentObjection(
  config: Config,
  environment: string | undefined,
  earlier: Match | undefined,
): string | undefined {
  if (environment === undefined) return 'the event does not say which environment it is for';
  if (!Object.hasOwn(config.environments, environment)) return `there is no environment ${environment}`;
  return earlier && `trigger ${String(earlier.trigger)} already does the same for ${environment}`;
}

/** The one that a manual event names, or the only one. */
function askedEnvironment(config: Config, { type, metadata }: EventFacts): string | undefined {
  const asked = type === 'manual' ? metadata['environment'] : undefined;
  if (typeof asked === 'string') return asked;
  const names = Object.keys(config.environments);
  return names.length === 1 ? names[0] : undefined;
}

interface Answer {
  readonly matches: boolean;
  readonly why: string;
}
const yes = (why: string): Answer => ({ matches: true, why });
const no = (why: string): Answer => ({ matches: false, why });

function answerOf(trigger: TriggerConfig, event: EventFacts, changedPaths: readonly string[] | null): Answer {
  const asked = trigger.event === 'push' ? push(trigger, event, changedPaths) : dispatch(trigger, event);
  if (!asked.matches || trigger.condition === null) return asked;
  const { holds, why } = evaluateCondition(trigger.condition, variablesOf(event));
  return holds ? yes(`${asked.why}; ${why}`) : no(`the condition does not hold: ${why}`);
}

function dispatch(trigger: TriggerConfig, { type, version, metadata }: EventFacts): Answer {
  if (type !== 'manual') return no(`it waits to be asked by hand, and this is a ${type} event`);
  const { inputs, environment } = metadata;
  const given = { ...(isRecord(inputs) ? inputs : {}), ...defined({ environment, version }) };
  const objection = inputObjection(trigger.inputs, given);
  return objection === undefined ? yes('asked for by hand') : no(objection);
}

/** What is wrong with the inputs of a manual event; undefined when nothing is. */
function inputObjection(inputs: TriggerConfig['inputs'], given: JsonObject): string | undefined {
  for (const [name, { required, type, options, default: otherwise }] of Object.entries(inputs)) {
    const value = given[name] ?? otherwise;
    if (value === null) {
      if (required) return `the input ${name} is required`;
    } else if ((type === 'boolean' || type === 'number') && typeof value !== type)
      return `the input ${name} should be ${type === 'boolean' ? 'true or false' : 'a number'}`;
    else if (options !== null && !(typeof value === 'string' && options.includes(value)))
      return `the input ${name} should be one of ${options.join(', ')}`;
  }
  return undefined;
}

const isRecord = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const defined = (values: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, Json] => entry[1] !== undefined && entry[1] !== null,
    ),
  );

function push(trigger: TriggerConfig, event: EventFacts, changedPaths: readonly string[] | null): Answer {
  if (event.type !== 'push' && event.type !== 'tag')
    return no(`it waits for a push, and this is a ${event.type} event`);
  const [, folder, name = ''] = /^refs\/(heads|tags)\/(.+)$/s.exec(event.gitRef ?? '') ?? [];
  if (folder === undefined) return no(`${event.gitRef ?? 'no ref'} is neither a branch nor a tag`);
  const isBranch = folder === 'heads';
  const { branches, tags, paths } = trigger;
  const [what, own, other] = isBranch ? ['branch', branches, tags] : ['tag', tags, branches];
  if (own === null && other !== null)
    return no(`it is for ${isBranch ? 'tags' : 'branches'} only, and this is the ${what} ${name}`);
  const named = own === null ? yes(`push of ${what} ${name}`) : filterName(what, name, own);
  // As on GitHub, paths are not looked at for tags.
  if (!named.matches || paths === null || !isBranch) return named;
  const changed = filterPaths(changedPaths, paths);
  return changed.matches ? yes(`${named.why}; ${changed.why}`) : changed;
}

function filterName(what: string, name: string, { globs, ignore }: Filter): Answer {
  const listed = globs.join(', ');
  const hit = matchesGlobs(globs, name);
  if (ignore)
    return hit ? no(`${what} ${name} is ignored by ${listed}`) : yes(`${what} ${name} is not ignored`);
  return hit ? yes(`${what} ${name} matches ${listed}`) : no(`${what} ${name} matches none of ${listed}`);
}

function filterPaths(changed: readonly string[] | null, { globs, ignore }: Filter): Answer {
  if (changed === null) return yes('the changed paths are unknown, so that all may be meant');
  const listed = globs.join(', ');
  const found = changed.find((path) => matchesGlobs(globs, path) !== ignore);
  if (found !== undefined) return yes(`${found} has changed`);
  return ignore
    ? no(`all ${changed.length} changed paths are ignored by ${listed}`)
    : no(`none of the ${changed.length} changed paths matches ${listed}`);
}

/** The event's own facts, and its free ones where they hide none of those. */
function variablesOf({ type, actor, gitRef, commitSha, version, metadata }: EventFacts): JsonObject {
  const [, branch = null] = /^refs\/heads\/(.+)$/s.exec(gitRef ?? '') ?? [];
  const [, tag = null] = /^refs\/tags\/(.+)$/s.exec(gitRef ?? '') ?? [];
  const own = { type, actor, branch, tag, git_ref: gitRef, commit_sha: commitSha, version };
  return { ...metadata, ...own, metadata };
}
