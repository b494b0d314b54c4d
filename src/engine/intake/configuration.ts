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

type Parsed = ReturnType<typeof parseConfig>;

/** So many are remembered: a flood of events tells of few commits, and a commit does not change. */
const REMEMBERED = 64;

/** Configurations as they stand at commits: what is deployed is deployed as its own commit says. */
export class Configurations {
  readonly #world: World;
  /** By application and commit, the oldest first. */
  readonly #parsed = new Map<string, Parsed>();

  constructor(world: World) {
    this.#world = world;
  }

  async at(application: ApplicationName, source: Source, commit: string): Promise<ReadConfiguration> {
    const { config, problems } = await this.#parsedAt(application, source, commit);
    const { secrets } = this.#world;
    const errors = problems.filter(({ severity }) => severity === 'error');
    const unset = config === undefined ? [] : unresolved(config, (name) => secrets.value(name) !== undefined);
    if (config === undefined || unset.length > 0)
      return { ok: false, problems: [...errors, ...unset].map(formatProblem) };
    if (config.application !== application)
      throw new SpillwayError(
        'config_invalid',
        `${FILE} is of ${config.application}, not of ${application}`,
        { where: FILE },
      );
    return { ok: true, config };
  }

  async #parsedAt(application: ApplicationName, source: Source, commit: string): Promise<Parsed> {
    const key = `${application} ${commit}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) return known;
    const parsed = parseConfig(await textAt(source, commit), FILE, this.#world.schemas);
    if (commit === '') return parsed; // a plain folder changes
    this.#parsed.set(key, parsed);
    const [oldest = key] = this.#parsed.keys();
    if (this.#parsed.size > REMEMBERED) this.#parsed.delete(oldest);
    return parsed;
  }
}

async function textAt(source: Source, commit: string): Promise<string> {
  const text = await source.read(commit, FILE);
  if (text === undefined)
    throw new SpillwayError('not_found', `there is no ${FILE} at ${commit === '' ? 'the top' : commit}`, {
      where: FILE,
      hint: 'Write one with "spillway init".',
    });
  return text;
}
