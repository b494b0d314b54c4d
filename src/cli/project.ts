import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { parseConfig } from '../config/parse.ts';
import { formatProblem } from '../config/problem.ts';
import { planFor } from '../config/plan.ts';
import { DEFAULT_ENVIRONMENT } from '../config/defaults.ts';
import { SpillwayError } from '../core/errors.ts';
import { environmentName, type LaneId } from '../core/ids.ts';
import type { Plan } from '../core/plan.ts';
import type { Context } from './context.ts';

/** A policy as a file says it. */
export interface Policy {
  readonly config: Config;
  readonly lane: LaneId;
  readonly plan: Plan;
}

/**
 * The policy of one environment; of production, or of the only one, where none is named.
 * @throws SpillwayError `config_invalid`, `not_found`
 */
export async function readPolicy(
  { io, commands }: Context,
  file: string,
  environment: string | undefined,
): Promise<Policy> {
  const path = resolve(io.cwd, file);
  const bytes = await readFile(path).catch(() => {
    throw new SpillwayError('config_invalid', 'there is no such file', {
      where: path,
      hint: 'Write one with "spillway init", or name one with --config.',
    });
  });
  const shown = relative(io.cwd, path);
  const { config, problems } = parseConfig(bytes, shown, await commands.adapterSchemas());
  if (config === undefined)
    throw new SpillwayError('config_invalid', problems.map(formatProblem).join('; '), {
      where: shown,
      hint: `See them with their lines: spillway validate ${file}`,
    });
  const names = Object.keys(config.environments);
  const usual = names.length === 1 ? names[0] : DEFAULT_ENVIRONMENT;
  const name = environment ?? usual ?? DEFAULT_ENVIRONMENT;
  const plan = planFor(config, name);
  return { config, lane: { application: config.application, environment: environmentName(name) }, plan };
}
