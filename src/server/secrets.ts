import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secrets } from '../exec/environment.ts';

/** A name that may be a file's as well. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What is shorter would hide half of every log. */
const SHORTEST_MASKED = 6;

/** The secrets of this server: a file of the name in its `secrets` folder, else the environment variable. */
export interface SecretStore {
  readonly value: Secrets;
  /** The values that were asked for and are worth hiding. */
  readonly values: () => readonly string[];
}

/** Read at each use, so that a secret can be changed without a restart. */
export function createSecretStore(dataDir: string, env: NodeJS.ProcessEnv): SecretStore {
  const asked = new Set<string>();
  const value: Secrets = (name) => {
    if (!NAME.test(name)) return undefined;
    const found = fileValue(join(dataDir, 'secrets', name)) ?? env[name];
    if (found !== undefined) asked.add(name);
    return found;
  };
  const values = () =>
    [...asked].map((name) => value(name) ?? '').filter((text) => text.length >= SHORTEST_MASKED);
  return { value, values };
}

function fileValue(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}
