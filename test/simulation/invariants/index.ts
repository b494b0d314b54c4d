import { acknowledgedIsKept } from './acknowledged-is-kept.ts';
import { audited } from './audited.ts';
import { backToStable } from './back-to-stable.ts';
import { calledOff } from './called-off.ts';
import { drainedFirst } from './drained-first.ts';
import { harmIsTakenBack } from './harm-is-taken-back.ts';
import { hasADeadline } from './has-a-deadline.ts';
import type { Invariant } from './invariant.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { oneOutcome } from './one-outcome.ts';
import { persistedFirst } from './persisted-first.ts';
import { rolledBackStaysAway } from './rolled-back-stays-away.ts';
import { stateIsTheFold } from './state-is-the-fold.ts';
import { terminalIsFinal } from './terminal-is-final.ts';
import { weightsFit } from './weights.ts';

/** Everything that must hold at every moment of every story. That all settles in the end is looked at by `../settled.ts`. */
export const INVARIANTS: readonly Invariant[] = [
  oneAtATime,
  terminalIsFinal,
  persistedFirst,
  rolledBackStaysAway,
  hasADeadline,
  audited,
  weightsFit,
  backToStable,
  acknowledgedIsKept,
  oneOutcome,
  calledOff,
  drainedFirst,
  stateIsTheFold,
  harmIsTakenBack,
];
