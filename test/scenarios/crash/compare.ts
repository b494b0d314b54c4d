import { isDeepStrictEqual } from 'node:util';
import type { Outcome } from './outcome.ts';
import type { Run } from './run.ts';

/** In what a disturbed run differs from the undisturbed one, in words. */
export interface Differences {
  readonly endState: readonly string[];
  readonly doubled: readonly string[];
}

const END_STATE = ['status', 'events', 'serving', 'route', 'running'] as const satisfies ReadonlyArray<
  keyof Outcome
>;

/** The transition that writes what a command came to: only when that was not written may the command be run again. */
const CONCLUDED_BY = { build: 'release.built', gate: 'gate.passed' } as const;

/**
 * Everything must be as it was without the kill. A build or a gate that had ended and was not written down yet may have been done
 * once more; an instance may not.
 */
export function differences(run: Run, undisturbed: Outcome): Differences {
  const { outcome, point, transitions } = run;
  const endState = END_STATE.filter((part) => !isDeepStrictEqual(outcome[part], undisturbed[part])).map(
    (part) => `${part}: ${JSON.stringify(outcome[part])}, not ${JSON.stringify(undisturbed[part])}`,
  );
  const interrupted = point?.side === 'before' ? (transitions[point.transition - 1] ?? '') : '';
  const allowed = {
    start: undisturbed.done.start,
    build: undisturbed.done.build + (interrupted.includes(CONCLUDED_BY.build) ? 1 : 0),
    gate: undisturbed.done.gate + (interrupted.includes(CONCLUDED_BY.gate) ? 1 : 0),
  };
  const doubled = (['start', 'build', 'gate'] as const)
    .filter((effect) => outcome.done[effect] > allowed[effect])
    .map((effect) => `${effect}: ${outcome.done[effect]} times, not ${undisturbed.done[effect]}`);
  if (endState.length > 0 && outcome.cause !== null) endState.push(`because: ${outcome.cause}`);
  return { endState, doubled: [...doubled, ...outcome.repeatedKeys.map((key) => `${key}: asked for twice`)] };
}
