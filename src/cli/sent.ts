import { SpillwayError } from '../core/errors.ts';
import type { DeploymentSummary } from '../views/summary.ts';
import { EXIT, type ExitCode } from './exit.ts';

/** What the server says of an event that was sent in. */
export type EventAnswer =
  | {
      readonly status: 'accepted';
      readonly event: string;
      /** null = still being looked at. */
      readonly outcome: 'matched' | 'ignored' | 'rejected' | null;
      readonly why: string | null;
      readonly deployments: readonly DeploymentSummary[];
    }
  | { readonly status: 'duplicate'; readonly of: string }
  | { readonly status: 'ignored'; readonly why: string };

/** Why an event led to no deployment, and what that ends with; nothing when it did, or may yet. */
export function refusedEvent(
  answer: EventAnswer,
): { readonly error: SpillwayError; readonly exit: ExitCode } | undefined {
  if (answer.status === 'duplicate') return refused(`it repeats event ${answer.of}`, EXIT.failed, answer.of);
  if (answer.status === 'ignored') return refused(answer.why, EXIT.failed, undefined);
  const { outcome, why, event } = answer;
  if (outcome === 'rejected') return refused(why ?? 'rejected', EXIT.rejected, event);
  return outcome === 'ignored' ? refused(why ?? 'nothing matched', EXIT.failed, event) : undefined;
}

const refused = (why: string, exit: ExitCode, event: string | undefined) => ({
  error: new SpillwayError('conflict', `no deployment was made: ${why}`, {
    hint:
      event === undefined ? 'See what was decided: spillway events list' : `spillway events explain ${event}`,
  }),
  exit,
});
