/** Every way in which Spillway says no. Callers tell errors apart by code, never by message text. */
export type ErrorCode =
  | 'config_invalid' // the configuration says something that cannot be honoured
  | 'not_built' // the configuration asks for a part that this version does not have
  | 'unknown_kind' // an adapter name that is not registered
  | 'not_found'
  | 'not_permitted'
  | 'invalid_event' // an incoming event failed validation
  | 'signature_invalid'
  | 'too_large'
  | 'stale_fence' // a newer holder has acted; this one must stop
  | 'conflict' // not possible in the present state
  | 'timeout'
  | 'unavailable' // the other side did not answer; worth trying again
  | 'command_failed'
  | 'corrupt'; // stored data that fails its own checks

export interface ErrorDetails {
  /** The file and line, the field, the path or the address it is about. */
  readonly where?: string;
  /** What to do next. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error that says what, where and what to do next. */
export class SpillwayError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'SpillwayError';
    this.code = code;
    this.where = details.where;
    this.hint = details.hint;
  }
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
