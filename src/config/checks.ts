import { asMap, environmentNames } from './adapters.ts';
import type { Source } from './document.ts';
import { at, notBuiltProblem, valueAt } from './issues.ts';
import { rolloutChecks } from './rollout-checks.ts';
import { nearestOf, type Path, type Problem } from './problem.ts';
import { DEPLOY } from './vocabulary/triggers.ts';

// What no single key can tell: names that refer to other parts of the file. These checks look at the values as written
// and pass over what the schema objects to, so that all problems are found at once.

/** Sets of gates with a name of their own. */
export const ALL_GATES = 'all_quality_gates';
const UNBUILT_GATES = new Set(['manual_approval', 'staging_soak_complete']);

/** @param triggersAt where the triggers stand: `triggers`, or `trigger` for the single form */
export function crossChecks(source: Source, value: unknown): Problem[] {
  return [...gateChecks(source, value), ...triggerChecks(source, value), ...environmentChecks(source, value)];
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function gateChecks(source: Source, value: unknown): Problem[] {
  const gates = asMap(valueAt(value, ['gates']));
  const known = Object.keys(gates);
  const problems: Problem[] = [];
  const refer = (path: Path) =>
    asList(valueAt(value, path)).forEach((gate, i) => {
      if (typeof gate !== 'string' || Object.hasOwn(gates, gate) || gate === ALL_GATES) return;
      problems.push(
        UNBUILT_GATES.has(gate)
          ? notBuiltProblem(source, [...path, i], `the gate ${gate}`)
          : undefinedName(source, [...path, i], 'value', 'gate', gate, known, `define it under gates:`),
      );
    });
  for (const name of environmentNames(value)) {
    refer(['environments', name, 'required_gates']);
    for (const gate of Object.keys(asMap(valueAt(value, ['environments', name, 'gates']))))
      if (!Object.hasOwn(gates, gate))
        problems.push(
          undefinedName(source, ['environments', name, 'gates', gate], 'key', 'gate', gate, known),
        );
  }
  asList(valueAt(value, ['triggers'])).forEach((_, i) => refer(['triggers', i, 'gates']));
  for (const [name, gate] of Object.entries(gates)) {
    refer(['gates', name, 'needs']);
    const own = asMap(gate);
    if (!['run', 'check', 'report'].some((key) => own[key] !== undefined) && own['type'] !== 'manual')
      problems.push(
        at(
          source,
          ['gates', name],
          'key',
          `gates.${name}.run is missing; it should be the command that yields its figures`,
          { expected: 'a command' },
        ),
      );
    if (own['name'] !== undefined && own['name'] !== name)
      problems.push(
        at(
          source,
          ['gates', name, 'name'],
          'value',
          `this gate is called ${name} here; leave its own name out`,
        ),
      );
    if (reaches(gates, name, name))
      problems.push(at(source, ['gates', name, 'needs'], 'value', `the gate ${name} waits for itself`));
  }
  return problems;
}

/** Whether following `needs` from one gate leads to another. */
function reaches(gates: Readonly<Record<string, unknown>>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of asList(asMap(gates[name])['needs'])) {
      if (next === to) return true;
      if (typeof next !== 'string' || seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}

function undefinedName(
  source: Source,
  path: Path,
  of: 'key' | 'value',
  what: string,
  name: string,
  known: readonly string[],
  advice = known.length > 0 ? `known: ${known.join(', ')}` : `none is defined`,
): Problem {
  const nearest = nearestOf(name, known);
  const message = `there is no ${what} ${name}; ${nearest ? `did you mean ${nearest}?` : advice}`;
  return at(source, path, of, message, {
    expected: `the name of a defined ${what}`,
    ...(nearest ? { nearest } : {}),
  });
}

function triggerChecks(source: Source, value: unknown): Problem[] {
  const environments = environmentNames(value);
  return asList(valueAt(value, ['triggers'])).flatMap((raw, i) => {
    const trigger = asMap(raw);
    const path = ['triggers', i];
    const action = trigger['action'];
    const [, environment] = (typeof action === 'string' && DEPLOY.exec(action)) || [];
    if (environment !== undefined)
      return environments.includes(environment)
        ? []
        : [undefinedName(source, [...path, 'action'], 'value', 'environment', environment, environments)];
    if (trigger['event'] === 'workflow_dispatch') return dispatchChecks(source, trigger, path, environments);
    if (trigger['event'] === 'push' && action === undefined)
      return [
        at(
          source,
          [...path, 'action'],
          'value',
          'this trigger has no action; write action: deploy_<environment>',
          { expected: 'deploy_<environment> or rollback' },
        ),
      ];
    if (action === 'rollback' && environments.length > 1)
      return [
        at(
          source,
          [...path, 'action'],
          'value',
          'with several environments, a push cannot say which one to roll back',
        ),
      ];
    return [];
  });
}

/** A manual dispatch says the environment itself: by an input of this name. */
function dispatchChecks(
  source: Source,
  trigger: Readonly<Record<string, unknown>>,
  path: Path,
  environments: readonly string[],
): Problem[] {
  const input = asMap(asMap(trigger['inputs'])['environment']);
  const options = asList(input['options']);
  const wrong = options.flatMap((option, i) =>
    typeof option !== 'string' || environments.includes(option)
      ? []
      : [
          undefinedName(
            source,
            [...path, 'inputs', 'environment', 'options', i],
            'value',
            'environment',
            option,
            environments,
          ),
        ],
  );
  if (environments.length > 1 && Object.keys(input).length === 0)
    wrong.push(
      at(
        source,
        path,
        'value',
        'this trigger has neither an action nor an input called environment; nothing says what it deploys to',
      ),
    );
  return wrong;
}

function environmentChecks(source: Source, value: unknown): Problem[] {
  const problems: Problem[] = [];
  const triggers = asList(valueAt(value, ['triggers']));
  const deployed = new Set(triggers.map((trigger) => asMap(trigger)['action']));
  for (const name of environmentNames(value)) {
    const path = ['environments', name];
    const own = asMap(valueAt(value, path));
    if (own['auto_deploy'] === true && triggers.length > 0 && !deployed.has(`deploy_${name}`))
      problems.push(
        notBuiltProblem(
          source,
          [...path, 'auto_deploy'],
          `promotion by itself (auto_deploy without a trigger deploy_${name})`,
        ),
      );
    problems.push(...rolloutChecks(source, value, name));
    if (own['monitoring'] === 'basic' && own['automatic_rollback_triggers'] !== undefined)
      problems.push(
        at(
          source,
          [...path, 'automatic_rollback_triggers'],
          'key',
          `monitoring: basic watches health only; of these, only health_checks has an effect in ${name}`,
          { severity: 'warning' },
        ),
      );
  }
  return problems;
}
