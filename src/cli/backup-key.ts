import { resolve } from 'node:path';
import type { BackupKey } from '../backup/index.ts';
import { SpillwayError } from '../core/errors.ts';
import type { Io } from './io.ts';

/** The variable that a backup's key is in, where no file is named. */
const KEY_VARIABLE = 'SPILLWAY_BACKUP_KEY';

export interface KeyOptions {
  readonly keyFile?: string;
  readonly unencrypted?: boolean;
}

/** The key that is given, by a file or by the environment; null where there is none. @throws SpillwayError `config_invalid` */
export async function givenKey(
  { cwd, env }: Io,
  { keyFile }: Pick<KeyOptions, 'keyFile'>,
): Promise<BackupKey> {
  const { readBackupKey } = await import('../backup/index.ts');
  const file = keyFile === undefined ? undefined : resolve(cwd, keyFile);
  return (await readBackupKey(file, env[KEY_VARIABLE])) ?? null;
}

/** The key of a new backup, which is open only where that is said. @throws SpillwayError `config_invalid` */
export const newKey = async (io: Io, options: KeyOptions): Promise<BackupKey> =>
  options.unencrypted === true ? null : sealingKey(io, options);

/** @throws SpillwayError `config_invalid` where none is given */
export async function sealingKey(io: Io, options: Pick<KeyOptions, 'keyFile'>): Promise<string> {
  const key = await givenKey(io, options);
  if (key !== null) return key;
  throw new SpillwayError(
    'config_invalid',
    'a backup holds keys and secrets, and there is no key to seal it with',
    {
      hint: `Give one: --key-file FILE or ${KEY_VARIABLE}; make one: openssl rand -base64 32. Or say --unencrypted.`,
    },
  );
}
