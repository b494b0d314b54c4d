import type { Config } from '../../config/config.ts';
import { parseConfig } from '../../config/parse.ts';
import { formatProblem } from '../../config/problem.ts';
import { unresolved } from '../../config/references.ts';
import { SpillwayError } from '../../core/errors.ts';
import type { ApplicationName } from '../../core/ids.ts';
import type { Source } from '../../ports/source.ts';
import type { World } from '../world.ts';

const FILE = 'spillway.yaml';

export type ReadConfiguration =
  | { readonly ok: true; readonly config: Config }
  /** Each with file, line and column. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** The configuration as it stands at a commit: what is deployed is deployed as its own commit says. */
export async function configurationAt(
  world: World,
  application: ApplicationName,
  source: Source,
  commit: string,
): Promise<ReadConfiguration> {
  const text = await source.read(commit, FILE);
  if (text === undefined)
    throw new SpillwayError('not_found', `there is no ${FILE} at ${commit === '' ? 'the top' : commit}`, {
      where: FILE,
      hint: 'Write one with "spillway init".',
    });
  const { config, problems } = parseConfig(text, FILE, world.schemas);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const unset =
    config === undefined ? [] : unresolved(config, (name) => world.secrets.value(name) !== undefined);
  if (config === undefined || unset.length > 0)
    return { ok: false, problems: [...errors, ...unset].map(formatProblem) };
  if (config.application !== application)
    throw new SpillwayError('config_invalid', `${FILE} is of ${config.application}, not of ${application}`, {
      where: FILE,
    });
  return { ok: true, config };
}
