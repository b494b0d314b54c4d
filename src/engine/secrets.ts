import { createHmac } from 'node:crypto';
import { resolveReferences } from '../config/references.ts';
import { SpillwayError } from '../core/errors.ts';
import type { Runtime } from '../core/release.ts';
import type { Secrets } from './world.ts';

/** Enough hex digits to tell a secret's versions apart, too few to test guesses against without the key. */
const ID_LENGTH = 16;

/**
 * Name -> id of the version in use, of every secret that the runtime refers to. The id is a keyed hash of the value: it
 * changes with it and tells nothing of it.
 * @throws SpillwayError `config_invalid` when one is not set
 */
export function secretVersions(secrets: Secrets, runtime: Runtime): Readonly<Record<string, string>> {
  const names = referencesOf(runtime);
  const missing = names.filter((name) => secrets.value(name) === undefined);
  if (missing.length > 0)
    throw new SpillwayError('config_invalid', `not set: ${missing.join(', ')}`, {
      hint: 'Give each a value as a secret or an environment variable of the server.',
    });
  return Object.fromEntries(names.map((name) => [name, versionOf(secrets, name)]));
}

function versionOf(secrets: Secrets, name: string): string {
  const hash = createHmac('sha256', secrets.versionKey)
    .update(name)
    .update('\0')
    .update(secrets.value(name) ?? '');
  return hash.digest('hex').slice(0, ID_LENGTH);
}

function referencesOf({ target, traffic }: Runtime): readonly string[] {
  const names = new Set<string>();
  resolveReferences(JSON.stringify([target.settings, traffic.settings]), (name) => {
    names.add(name);
    return undefined;
  });
  return [...names].sort();
}
