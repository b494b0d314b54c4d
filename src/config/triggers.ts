import { environmentName } from '../core/ids.ts';
import type { Filter, TriggerConfig } from './config.ts';
import { DEFAULT_BRANCHES, DEFAULT_ENVIRONMENT } from './defaults.ts';
import type { FileInput } from './vocabulary/spillway.ts';
import { DEPLOY } from './vocabulary/triggers.ts';

type TriggerInput = NonNullable<FileInput['triggers']>[number];

/**
 * The triggers of a file; where it has none, a push to `main` or `master` deploys every environment with `auto_deploy`,
 * or the only one there is.
 */
export function triggersOf(file: FileInput): TriggerConfig[] {
  if (file.triggers) return file.triggers.map(triggerOf);
  const environments = Object.entries(file.environments ?? { [DEFAULT_ENVIRONMENT]: {} });
  return environments
    .filter(([, own]) => own.auto_deploy ?? environments.length === 1)
    .map(([name]) => ({
      event: 'push',
      action: 'deploy',
      environment: environmentName(name),
      branches: { globs: DEFAULT_BRANCHES, ignore: false },
      tags: null,
      paths: null,
      condition: null,
      gates: [],
      inputs: {},
    }));
}

function triggerOf(input: TriggerInput): TriggerConfig {
  const [, environment] = DEPLOY.exec(input.action ?? '') ?? [];
  const filter = (key: 'branches' | 'tags' | 'paths'): Filter | null => {
    const [included, ignored] = [input[key], input[`${key}-ignore`]];
    if (included) return { globs: included, ignore: false };
    return ignored ? { globs: ignored, ignore: true } : null;
  };
  return {
    event: input.event,
    action: input.action === 'rollback' ? 'rollback' : 'deploy',
    environment: environment === undefined ? null : environmentName(environment),
    branches: filter('branches'),
    tags: filter('tags'),
    paths: filter('paths'),
    condition: input.condition ?? null,
    gates: input.gates ?? [],
    inputs: Object.fromEntries(
      Object.entries(input.inputs ?? {}).map(([name, given]) => [
        name,
        {
          type: given.type ?? 'string',
          required: given.required ?? false,
          description: given.description ?? '',
          options: given.options ?? null,
          default: given.default ?? null,
        },
      ]),
    ),
  };
}
