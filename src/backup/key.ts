import { readFile } from 'node:fs/promises';
import { SpillwayError } from '../core/errors.ts';

/** What is shorter is guessed. */
const SHORTEST = 16;

/** What seals a backup: a text that the operator keeps; null = it is to be open to everybody. */
export type BackupKey = string | null;

/**
 * The key as a file or the environment has it, without the line's end.
 * @param env the variable SPILLWAY_BACKUP_KEY; a file goes before it
 * @returns undefined when neither says one
 * @throws SpillwayError `config_invalid` for a file that cannot be read, or a key of fewer than 16 characters
 */
export async function readBackupKey(
  file: string | undefined,
  env: string | undefined,
): Promise<string | undefined> {
  if (file === undefined)
    return env === undefined || env === '' ? undefined : sound(env, 'SPILLWAY_BACKUP_KEY');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new SpillwayError('config_invalid', 'the key file cannot be read', { where: file, cause });
  });
  return sound(text, file);
}

function sound(text: string, where: string): string {
  const key = text.trim();
  if (key.length >= SHORTEST) return key;
  throw new SpillwayError('config_invalid', `a key of ${key.length} characters is too short`, {
    where,
    hint: `It has ${SHORTEST} or more; make one with: openssl rand -base64 32`,
  });
}
