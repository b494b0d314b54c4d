import { SpillwayError, type ErrorCode } from '../core/errors.ts';
import type { DeploymentSummary } from '../views/summary.ts';

/** What a command ends with; scripts tell outcomes apart by it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Wrong usage, or a configuration that is not valid. */
  usage: 2,
  rolledBack: 3,
  notPermitted: 4,
  timedOut: 5,
  rejected: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const OF_ERROR: Partial<Record<ErrorCode, ExitCode>> = {
  config_invalid: EXIT.usage,
  not_built: EXIT.usage,
  unknown_kind: EXIT.usage,
  invalid_event: EXIT.usage,
  not_permitted: EXIT.notPermitted,
  signature_invalid: EXIT.notPermitted,
  timeout: EXIT.timedOut,
};

export const exitOfError = (error: unknown): ExitCode =>
  error instanceof SpillwayError ? (OF_ERROR[error.code] ?? EXIT.failed) : EXIT.failed;

/** How a deployment that was waited for has ended. */
export function exitOfOutcome({ state, rolledBack }: DeploymentSummary): ExitCode {
  if (state === 'rejected') return EXIT.rejected;
  if (state === 'failed') return rolledBack ? EXIT.rolledBack : EXIT.failed;
  return state === 'rolling_back' ? EXIT.rolledBack : EXIT.ok;
}
