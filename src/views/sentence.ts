import type { LaneEvent, LaneEventType } from '../core/events.ts';
import { labelOf, type Revision } from '../core/release.ts';
import type { StoredEvent, SystemEvent } from '../ports/store.ts';
import { versionOf } from './summary.ts';
import { lasting, plural, share, shortRef } from './words.ts';

/** How an event is to be taken: `quiet` is detail that a story leaves out. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain' | 'quiet';

export interface Sentence {
  readonly tone: Tone;
  readonly text: string;
}

type Of<Type extends LaneEventType, Event = LaneEvent> = Event extends { readonly type: infer Own }
  ? Type extends Own
    ? Event
    : never
  : never;
type Tellers = { readonly [Type in LaneEventType]: (event: Of<Type>) => Sentence };

const say =
  (tone: Tone) =>
  (text: string): Sentence => ({ tone, text });
const good = say('good');
const bad = say('bad');
const warn = say('warn');
const plain = say('plain');
const quiet = say('quiet');

const known = (revision: Revision | null, otherwise: string) => (revision ? labelOf(revision) : otherwise);

/** One teller for every event there is: a new one does not compile until it can be told. */
const tellers: Tellers = {
  'deployment.requested': ({ kind, request }) => {
    const version = versionOf({ revision: null, request });
    const from = request.ref === null ? '' : ` from ${shortRef(request.ref)}`;
    return plain(
      kind === 'rollback' ? `rollback to ${version} requested` : `deployment of ${version} requested${from}`,
    );
  },
  'deployment.validating': () => quiet('pre-flight checks start'),
  'preflight.passed': () => plain('pre-flight passed'),
  'deployment.building': () => quiet('the build starts'),
  'release.built': ({ revision }) => plain(`built ${labelOf(revision)}`),
  'deployment.testing': () => quiet('gates start'),
  'gate.started': ({ gate }) => quiet(`gate ${gate} starts`),
  'gate.passed': ({ gate, outcome }) => good(`gate ${gate} passed: ${outcome.reason}`),
  'gate.warned': ({ gate, outcome }) => warn(`gate ${gate} warned: ${outcome.reason}`),
  'gate.failed': ({ gate, outcome }) => bad(`gate ${gate} failed: ${outcome.reason}`),
  'deployment.awaiting_approval': () => quiet('waits for approval'),
  'approval.expired': () => bad('nobody approved in time'),
  'deployment.approved': () => plain('approved'),
  'deployment.started': ({ previous }) => plain(`rollout starts; ${known(previous, 'nothing')} serves now`),
  'canary.planned': ({ reason }) => plain(reason),
  'instances.starting': ({ count }) => quiet(`${plural(count, 'instance')} starting`),
  'instances.ready': ({ count }) => plain(`${plural(count, 'instance')} ready`),
  'canary.step': ({ step, weight }) => quiet(`step ${step + 1} begins: ${share(weight)} of the traffic`),
  'canary.retreated': ({ from, weight, reason }) =>
    warn(
      `retreats from ${share(from)} to ${share(weight)} of the traffic, and is judged on there: ${reason}`,
    ),
  'traffic.shifting': ({ weight }) => quiet(`traffic moves to ${share(weight)}`),
  'traffic.shifted': ({ weight }) => plain(`${share(weight)} of the traffic reaches the new version`),
  'verdict.changed': ({ verdict, reason }) => {
    const tone = { ok: good, warning: warn, issue: bad, undecided: quiet }[verdict];
    return tone(`verdict ${verdict}: ${reason}`);
  },
  'deployment.verifying': () => quiet('checks of what serves now start'),
  'deployment.live': ({ revision }) => good(`${labelOf(revision)} is live`),
  'degradation.found': ({ check, reason }) => bad(`${check.replace('_', ' ')} failing: ${reason}`),
  'deployment.paused': ({ reason }) => warn(`paused: ${reason}`),
  'deployment.resumed': () => plain('resumed'),
  'rollback.started': ({ to, cause }) => bad(`rolling back to ${known(to, 'nothing')}: ${cause}`),
  'rollback.attempt_failed': ({ attempt, reason }) => bad(`rollback attempt ${attempt} failed: ${reason}`),
  'rollback.retried': ({ attempt, fallback, to }) =>
    warn(`rollback attempt ${attempt}${fallback ? ', the fallback,' : ''} to ${known(to, 'nothing')}`),
  'rollback.resumed': ({ unwatched }) =>
    warn(`nobody watched the rollback for ${lasting(unwatched)}; it gets its time anew`),
  'rollback.restored': () => quiet('the version to return to runs'),
  'rollback.traffic_zero': () => good('no traffic reaches the rolled-back version any more'),
  'rollback.completed': ({ to }) => good(`rolled back: ${known(to, 'nothing')} serves`),
  'instances.retiring': () => quiet('old instances leave once their requests have ended'),
  'deployment.completed': ({ soakComplete }) =>
    good(soakComplete ? 'completed' : 'completed, soak cut short'),
  'deployment.failed': ({ reason, rolledBack }) =>
    bad(`failed${rolledBack === false ? ', and could not be rolled back' : ''}: ${reason}`),
  'deployment.rejected': ({ reason }) => warn(`rejected: ${reason}`),
  'environment.locked': ({ reason }) => bad(`environment locked: ${reason}`),
  'environment.unlocked': ({ reason }) => plain(`environment unlocked: ${reason}`),
  'incident.opened': ({ level, reason }) => bad(`incident ${level}: ${reason}`),
};

/** An event in words a person would use. */
export function tell(event: StoredEvent['event']): Sentence {
  if (!isLaneEvent(event)) return systemSentence(event);
  const teller = tellers[event.type] as (event: LaneEvent) => Sentence;
  return teller(event);
}

/** Whether it belongs to a lane, and is not the server's own. */
export const isLaneEvent = (event: StoredEvent['event']): event is LaneEvent =>
  Object.hasOwn(tellers, event.type);

function systemSentence({ type, details }: SystemEvent): Sentence {
  const [what = '', happened = ''] = type.split('.');
  const why = details['reason'] ?? details['why'];
  const text = `${what} ${happened.replaceAll('_', ' ')}${typeof why === 'string' ? `: ${why}` : ''}`;
  return /refused|rejected|failed|undelivered/.test(happened) ? warn(text) : plain(text);
}
