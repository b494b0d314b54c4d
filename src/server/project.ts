import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdapterSchemas } from '../config/adapters.ts';
import type { Config } from '../config/config.ts';
import { parseConfig } from '../config/parse.ts';
import { formatProblem } from '../config/problem.ts';
import { unresolved } from '../config/references.ts';
import { SpillwayError } from '../core/errors.ts';
import type { Secrets } from '../exec/environment.ts';
import { metrics, targets, traffic } from '../registry.ts';

const FILE = 'spillway.yaml';

/** What every adapter's settings may say. */
export async function adapterSchemas(): Promise<AdapterSchemas> {
  return {
    targets: await schemasOf(targets),
    traffic: await schemasOf(traffic),
    metrics: await schemasOf(metrics),
  };
}

async function schemasOf<Entry extends { readonly schema: () => Promise<unknown> }>(
  entries: Readonly<Record<string, Entry>>,
) {
  const loaded = Object.entries(entries).map(async ([kind, { schema }]) => [kind, await schema()] as const);
  return Object.fromEntries(await Promise.all(loaded)) as AdapterSchemas['targets'];
}

/**
 * The configuration in a project's folder: what the server serves.
 * @throws SpillwayError `not_found` without a file, `config_invalid` with every problem and its place
 */
export async function readProject(dir: string, schemas: AdapterSchemas, secrets: Secrets): Promise<Config> {
  const file = join(dir, FILE);
  const text = await readFile(file).catch((cause: unknown) => {
    throw new SpillwayError('not_found', `there is no ${FILE} here`, {
      where: file,
      hint: 'Write one with "spillway init".',
      cause,
    });
  });
  const { config, problems } = parseConfig(text, FILE, schemas);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const unset = config === undefined ? [] : unresolved(config, (name) => secrets(name) !== undefined);
  const found = [...errors, ...unset];
  if (config !== undefined && found.length === 0) return config;
  throw new SpillwayError('config_invalid', found.map(formatProblem).join('\n'), {
    where: file,
    hint: 'Mend the places named; "spillway validate" shows them with the lines.',
  });
}
