import { SpillwayError, messageOf } from '../../core/errors.ts';

/** PostgreSQL's name for what went wrong (five characters); undefined when it was not PostgreSQL that said so. */
const sqlState = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'severity' in error
    ? error.code
    : undefined;

/** Sessions that are over, servers that start or stop. */
const SESSION_OVER = /^(08|57P0|25P0[34])/;
/** Two transactions in each other's way, of which this one was taken back: it is worth running again at once. */
const IN_THE_WAY = /^(40001|40P01|55P03)$/;
/** No room, no time, a standby in place of the server, a disk that fails. */
const UNAVAILABLE = /^(53|58|57014|25006)/;
const CORRUPT = /^XX00[12]$/;

/** Whether the connection, not the statement, has failed: then it is not known what became of the statement. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined ? !(error instanceof SpillwayError) : SESSION_OVER.test(state);
}

export const isInTheWay = (error: unknown): boolean => IN_THE_WAY.test(sqlState(error) ?? '');

/** What an error of PostgreSQL or of the way there means to the caller; anything else is a defect and stays as it is. */
export function storeError(error: unknown, where: string): unknown {
  if (error instanceof SpillwayError) return error;
  const state = sqlState(error);
  if (state !== undefined && CORRUPT.test(state))
    return new SpillwayError('corrupt', `the database is damaged: ${messageOf(error)}`, {
      where,
      hint: 'Applications and their traffic go on. Stop Spillway and restore the last backup of the database.',
      cause: error,
    });
  if (state !== undefined && !UNAVAILABLE.test(state) && !IN_THE_WAY.test(state) && !SESSION_OVER.test(state))
    return error;
  return unavailable(where, `PostgreSQL could not be used: ${messageOf(error)}`, error);
}

export const unavailable = (where: string, message: string, cause?: unknown): SpillwayError =>
  new SpillwayError('unavailable', message, {
    where,
    hint: 'Applications and their traffic go on. Check that the server runs, can be reached and has room; Spillway goes on by itself then.',
    cause,
  });

/** Why a store cannot be opened at all, where more can be said than for a call. */
export function openingError(error: unknown, where: string): unknown {
  const state = sqlState(error) ?? '';
  if (state.startsWith('28') || state === '42501')
    return new SpillwayError('not_permitted', `PostgreSQL refuses: ${messageOf(error)}`, {
      where,
      hint: 'Check user and password, and that the user owns the database (CREATE and TEMPORARY on it are needed).',
    });
  if (state === '3D000')
    return new SpillwayError('not_found', messageOf(error), {
      where,
      hint: 'Make it with: createdb --encoding=UTF8 NAME; Spillway makes everything in it.',
    });
  return storeError(error, where);
}
