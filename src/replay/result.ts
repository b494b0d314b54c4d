import type { LaneEvent } from '../core/events.ts';
import { percentOf } from '../core/weights.ts';
import { rolloutOf } from '../engine/observer/expected.ts';
import type { Assessment } from '../judge/index.ts';
import { tell, type Tone } from '../views/sentence.ts';
import type { Exposure } from './replay.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Drawn } from './resplit.ts';
import type { TrackPoint } from './track.ts';

/** What a policy would have done. Times are epoch milliseconds, lengths of time milliseconds. */
export interface ReplayResult {
  /** `undecided`: the trace ended first. */
  readonly outcome: 'promoted' | 'rolled_back' | 'undecided';
  /** Why, in the words of the rule that decided; of an undecided one what the judge said last. */
  readonly reason: string;
  readonly startedAt: number;
  /** The end of the trace. */
  readonly endedAt: number;
  /** From the start until all of the traffic was the canary's, or none; null when undecided. */
  readonly decidedAfterMs: number | null;
  /** Since when and why it waits for a person. */
  readonly paused: { readonly at: number; readonly reason: string } | null;
  /** The canary's share in percent at the end. */
  readonly weight: number;
  /** When it was taken back to its smallest step, each time. */
  readonly retreatedAfterMs: readonly number[];
  /** Requests that met the canary until then. */
  readonly exposed: Readonly<Exposure>;
  /** How much of what was judged was drawn again from the trace; see `Resplitter`. */
  readonly drawn: Readonly<Record<'canary' | 'baseline', Readonly<Drawn>>>;
  /** At most so many as are worth telling. */
  readonly story: readonly StoryPoint[];
  readonly untold: number;
  readonly track: readonly TrackPoint[];
}

export interface StoryPoint {
  readonly afterMs: number;
  readonly tone: Tone;
  readonly text: string;
}

interface Played {
  readonly rehearsal: Rehearsal;
  readonly exposed: Readonly<Exposure>;
  readonly drawn: ReplayResult['drawn'];
  readonly track: readonly TrackPoint[];
  readonly startedAt: number;
  readonly endedAt: number;
  readonly assessment: Assessment | undefined;
}

/** A verdict that comes and goes by the minute is not told for ever. */
const TOLD = 200;

export function resultOf(played: Played): ReplayResult {
  const { rehearsal, startedAt, endedAt, assessment } = played;
  const { deployment, events } = rehearsal;
  const back = events.find((event) => event.type === 'rollback.started');
  const live = events.find((event) => event.type === 'deployment.live');
  const decided = back ?? live;
  const rollout = rolloutOf(deployment);
  const story = storyOf(events, startedAt);
  return {
    outcome: back !== undefined ? 'rolled_back' : live !== undefined ? 'promoted' : 'undecided',
    reason: back?.cause ?? assessment?.reason ?? 'the trace holds no ticks',
    startedAt,
    endedAt,
    decidedAfterMs: decided === undefined ? null : decided.at - startedAt,
    paused: deployment.paused && { at: deployment.paused.since, reason: deployment.paused.reason },
    weight: back !== undefined ? 0 : rollout === undefined ? 100 : percentOf(rollout.weight),
    retreatedAfterMs: events.flatMap(({ type, at }) => (type === 'canary.retreated' ? [at - startedAt] : [])),
    exposed: played.exposed,
    drawn: played.drawn,
    story: story.slice(0, TOLD),
    untold: Math.max(0, story.length - TOLD),
    track: played.track,
  };
}

/** What nobody asks of a simulation: how the release came to its rollout, and what belongs to one event twice. */
const UNTOLD: ReadonlySet<LaneEvent['type']> = new Set<LaneEvent['type']>([
  'deployment.requested',
  'preflight.passed',
  'release.built',
  'deployment.approved',
  'instances.ready',
  'rollback.traffic_zero',
  'rollback.completed',
  'deployment.failed',
]);

const storyOf = (events: readonly LaneEvent[], startedAt: number): readonly StoryPoint[] =>
  events
    .filter(({ type }) => !UNTOLD.has(type))
    .map((event) => ({ afterMs: event.at - startedAt, ...tell(event) }))
    .filter(({ tone, text }, i, all) => tone !== 'quiet' && text !== all[i - 1]?.text);
