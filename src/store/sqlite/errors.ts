import { SpillwayError, messageOf } from '../../core/errors.ts';

const UNWRITABLE =
  /^(SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOMEM)|E(ACCES|EXIST|NOSPC|NOTDIR|PERM|ROFS)$)/;
const CORRUPT = /^SQLITE_(CORRUPT|NOTADB)/;

/** What an error of SQLite or of the file system means to the caller; anything else is a defect and stays as it is. */
export function storeError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (CORRUPT.test(code)) return corrupt(path, messageOf(error), error);
  if (!UNWRITABLE.test(code)) return error;
  return new SpillwayError('unavailable', `the store could not be written: ${messageOf(error)}`, {
    where: path,
    hint: 'Nothing of this call was kept. Make room on the disk and check that the folder is writable; later calls then work again.',
    cause: error,
  });
}

export const corrupt = (path: string, message: string, cause?: unknown): SpillwayError =>
  new SpillwayError('corrupt', `the store is damaged: ${message}`, {
    where: path,
    hint: `Applications and their traffic go on. Stop Spillway, move the folder aside and restore the last backup, or save what can be read with: sqlite3 ${path} .recover`,
    cause,
  });
