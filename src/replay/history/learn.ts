import type { LaneId } from '../../core/ids.ts';
import type { Tick } from '../../judge/index.ts';
import { Replay } from '../replay.ts';
import type { ReplayResult } from '../result.ts';
import type { Candidate } from './candidates.ts';
import type { PastDeployment } from './find.ts';
import { proportionInterval, type Proportion } from './proportion.ts';

/** What a candidate would have done with the deployments of the past. */
export interface Score {
  readonly candidate: Candidate;
  /** Good ones that it would have rolled back. */
  readonly falseRollbacks: Proportion;
  /** Bad ones that it would have given all of the traffic. */
  readonly missed: Proportion;
  /** Of either kind, those on which the metrics end before it decides. */
  readonly undecided: number;
  /** Requests that a bad one would have met, on average; null without any. */
  readonly exposure: number | null;
  /** Median time to all of the traffic of the good ones that got it, ms; null without any. */
  readonly promotedAfterMs: number | null;
  /** Share of the canary's requests that had to be drawn again. */
  readonly drawnAgain: number;
}

interface Played {
  readonly label: PastDeployment['label'];
  readonly result: ReplayResult;
}

/** Plays candidates on one deployment after another, and keeps what came of it. */
export class Trial {
  readonly #lane: LaneId;
  readonly #seed: number;
  readonly #candidates: ReadonlyArray<{ readonly candidate: Candidate; readonly played: Played[] }>;

  constructor(lane: LaneId, candidates: readonly Candidate[], seed: number) {
    this.#lane = lane;
    this.#seed = seed;
    this.#candidates = candidates.map((candidate) => ({ candidate, played: [] }));
  }

  play({ version, stable, label }: PastDeployment, ticks: readonly Tick[], stepMs: number): void {
    const [first] = ticks;
    if (first === undefined) return;
    for (const { candidate, played } of this.#candidates) {
      const replay = new Replay({
        cast: { lane: this.#lane, plan: candidate.plan, canary: version, stable },
        arms: 'split',
        unit: 'request',
        history: [],
        seed: this.#seed,
        startedAt: first.at - stepMs,
        intervalMs: stepMs,
      });
      for (const tick of ticks) replay.observe(tick);
      played.push({ label, result: replay.result() });
    }
  }

  /** The best first. */
  scores(): readonly Score[] {
    return this.#candidates.map(({ candidate, played }) => scoreOf(candidate, played)).toSorted(better);
  }
}

function scoreOf(candidate: Candidate, played: readonly Played[]): Score {
  const of = (label: PastDeployment['label']) =>
    played.filter((one) => one.label === label).map(({ result }) => result);
  const [good, bad] = [of('good'), of('bad')];
  const ending = (results: readonly ReplayResult[], outcome: ReplayResult['outcome']) =>
    results.filter((result) => result.outcome === outcome);
  const times = ending(good, 'promoted').map(({ decidedAfterMs }) => decidedAfterMs ?? 0);
  const drawn = [...good, ...bad].map((result) => result.drawn.canary);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    candidate,
    falseRollbacks: proportionInterval(ending(good, 'rolled_back').length, good.length),
    missed: proportionInterval(ending(bad, 'promoted').length, bad.length),
    undecided: ending([...good, ...bad], 'undecided').length,
    exposure: bad.length === 0 ? null : sum(bad.map(({ exposed }) => exposed.requests)) / bad.length,
    promotedAfterMs: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null,
    drawnAgain:
      sum(drawn.map(({ again }) => again)) / Math.max(1, sum(drawn.map(({ requests }) => requests))),
  };
}

/**
 * Fewest wrong decisions first, then fewest that the past leaves open, then least exposure to what was bad, then the quickest for
 * what was good.
 */
function better(a: Score, b: Score): number {
  const wrong = ({ falseRollbacks, missed }: Score) => falseRollbacks.count + missed.count;
  return (
    wrong(a) - wrong(b) ||
    a.undecided - b.undecided ||
    sizeOf(a.exposure) - sizeOf(b.exposure) ||
    (a.promotedAfterMs ?? Infinity) - (b.promotedAfterMs ?? Infinity)
  );
}

/** Exposures that differ by less than a factor of about 1.4 are as good as equal. */
const sizeOf = (exposure: number | null): number => Math.round(2 * Math.log2(Math.max(1, exposure ?? 0)));
