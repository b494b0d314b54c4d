import { asMap } from './adapters.ts';
import { LEAST_WARM_UP, monitoringOf } from './defaults.ts';
import type { Source } from './document.ts';
import { at, valueAt } from './issues.ts';
import type { Path, Problem } from './problem.ts';
import { parseDuration } from './vocabulary/values.ts';

// How an environment rolls out, as its own words and those at the top together say it.

/** Problems of one environment's canary and triggers that no single key can tell. */
export function rolloutChecks(source: Source, value: unknown, environment: string): Problem[] {
  const look: Look = (...path) => {
    const places: Path[] = [['environments', environment, ...path], path];
    const place = places.find((one) => valueAt(value, one) !== undefined);
    return place === undefined ? undefined : { at: place, value: valueAt(value, place) };
  };
  const monitoring = valueAt(value, ['environments', environment, 'monitoring']) ?? monitoringOf(environment);
  return [
    ...firstStep(source, look),
    ...oneWayToStep(source, look),
    ...oneWindow(source, look),
    ...plainJudge(source, look),
    ...(monitoring === 'basic' ? paceWithoutJudge(source, look, environment) : firstStepWarms(source, look)),
  ];
}

/** What holds for the environment at a path: its own word, else that at the top. */
type Look = (...path: string[]) => { readonly at: Path; readonly value: unknown } | undefined;

function firstStep(source: Source, look: Look): Problem[] {
  const initial = look('canary', 'initial_percentage');
  const listed = look('canary', 'increment_steps')?.value;
  const [step] = Array.isArray(listed) ? (listed as readonly unknown[]) : [];
  const first = asMap(step)['weight'] ?? step;
  if (typeof initial?.value !== 'number' || typeof first !== 'number' || initial.value <= first) return [];
  const message = `initial_percentage is ${initial.value}, above the first of increment_steps (${first})`;
  return [at(source, initial.at, 'value', message, { expected: `a percentage up to ${first}` })];
}

/** The first step lasts until the canary is warm: one that must end before asks for a verdict that nothing can be known for. */
function firstStepWarms(source: Source, look: Look): Problem[] {
  const given = look('canary', 'warm_up');
  const warmUp = given === undefined || given.value === 'auto' ? LEAST_WARM_UP : length(given);
  const longest = longestFirstStep(look);
  if (typeof warmUp !== 'number' || longest === undefined || longest.time > warmUp) return [];
  const message =
    `the first step lasts ${inSeconds(longest.time)} at most, and the canary warms up for ${inSeconds(warmUp)} ` +
    '(`warm_up`, 30s at least unless it is given): every rollout would stop there; write longer steps, or a shorter warm_up';
  return [at(source, longest.at, 'value', message, { severity: 'warning' })];
}

function longestFirstStep(look: Look): { readonly at: Path; readonly time: number } | undefined {
  const steps = look('canary', 'increment_steps');
  const [first] = Array.isArray(steps?.value) ? (steps.value as readonly unknown[]) : [];
  const { min, max } = asMap(first);
  const own = max ?? min;
  const place = own === undefined ? look('canary', 'step_duration') : { at: steps?.at ?? [], value: own };
  if (place === undefined) return undefined;
  const time = length(place);
  if (typeof time !== 'number') return undefined;
  return { at: place.at, time: max === undefined ? 2 * time : time };
}

const inSeconds = (ms: number) => `${ms / 1000}s`;

/** A risk budget chooses the steps, so nobody else does. */
function oneWayToStep(source: Source, look: Look): Problem[] {
  const budget = look('canary', 'risk_budget');
  if (budget === undefined) return [];
  const given = ['increment_steps', 'step_duration', 'initial_percentage'].flatMap((key) => {
    const place = look('canary', key);
    return place === undefined ? [] : [{ key, at: place.at }];
  });
  return given.map(({ key, at: place }) =>
    at(
      source,
      place,
      'key',
      `canary.risk_budget chooses the steps, and canary.${key} says what they are; write one of them`,
    ),
  );
}

/** Errors and latency are looked at together. */
function oneWindow(source: Source, look: Look): Problem[] {
  const errors = look('automatic_rollback_triggers', 'error_rate', 'window');
  const latency = look('automatic_rollback_triggers', 'latency', 'window');
  if (errors === undefined || latency === undefined || length(errors) === length(latency)) return [];
  const message =
    `error_rate.window is ${String(errors.value)} and latency.window ${String(latency.value)}; ` +
    'effects on both are looked for over one time, so write the same, or one of them alone';
  return [at(source, latency.at, 'value', message)];
}

const length = ({ value }: { readonly value: unknown }) =>
  typeof value === 'string' ? (parseDuration(value) ?? value) : value;

/** Words that only the sequential judge heeds. */
const PLAIN: ReadonlySet<string> = new Set(['fixed', 'consecutive', 'mann_whitney']);
const SEQUENTIAL_ONLY = ['stages', 'certificate', 'risk_budget'] as const;

function plainJudge(source: Source, look: Look): Problem[] {
  const judge = look('canary', 'judge')?.value ?? 'sequential';
  if (judge === 'sequential') return checksOfNobody(source, look);
  if (typeof judge !== 'string' || !PLAIN.has(judge)) return [];
  const unheeded = SEQUENTIAL_ONLY.flatMap((key) => {
    const place = look('canary', key);
    if (place === undefined) return [];
    const message = `canary.${key} has no effect with judge: ${judge}`;
    return [at(source, place.at, 'key', message, { severity: 'warning' })];
  });
  const pace = look('canary', 'pace');
  if (pace?.value !== 'evidence') return unheeded;
  const message = `pace: evidence goes by the certificate of judge: sequential, and judge: ${judge} gives none; write pace: time`;
  return [...unheeded, at(source, pace.at, 'value', message, { expected: 'time' })];
}

function checksOfNobody(source: Source, look: Look): Problem[] {
  const checks = look('canary', 'checks');
  if (checks === undefined) return [];
  const message = 'canary.checks has no effect with judge: sequential, which is the default';
  return [at(source, checks.at, 'key', message, { severity: 'warning' })];
}

function paceWithoutJudge(source: Source, look: Look, environment: string): Problem[] {
  const pace = look('canary', 'pace');
  if (pace?.value !== 'evidence') return [];
  const message = `pace: evidence needs a judge, and monitoring: basic has none; steps in ${environment} go by time`;
  return [at(source, pace.at, 'value', message, { severity: 'warning' })];
}
