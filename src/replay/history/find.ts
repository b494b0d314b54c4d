import type { Instant } from '../../core/time.ts';
import type { VersionActivity } from '../../ports/history.ts';

/** A version that came beside another one, as the metrics remember it. */
export interface PastDeployment {
  readonly version: string;
  /** What carried most of the traffic when it came. */
  readonly stable: string;
  readonly from: Instant;
  /** Until then both served. */
  readonly until: Instant;
  /**
   * `bad`: it was gone within the time that the caller names, and an older version carried the traffic after it. `good`: it stayed
   * longer or a newer one followed. `unknown`: it came too lately to tell.
   */
  readonly label: 'good' | 'bad' | 'unknown';
}

interface Life {
  readonly version: string;
  readonly first: Instant;
  readonly last: Instant;
  readonly requests: ReadonlyMap<number, number>;
}

/** Steps without a request that do not end a version's time beside another. */
const GAP_STEPS = 3;

/**
 * The deployments in a stretch of the past: each version's first traffic is one, beside what carried most of it then. The versions
 * that were there at the beginning are not known to have come, and one that comes back is not new.
 * @param withdrawnWithinMs a version that is gone so soon, with an older one after it, was withdrawn
 */
export function findDeployments(
  activity: readonly VersionActivity[],
  {
    from,
    to,
    stepMs,
    withdrawnWithinMs,
  }: {
    readonly from: Instant;
    readonly to: Instant;
    readonly stepMs: number;
    readonly withdrawnWithinMs: number;
  },
): readonly PastDeployment[] {
  const lives = activity.flatMap(lifeOf).toSorted((a, b) => a.first - b.first);
  return lives.flatMap((life) => {
    if (life.first <= from + stepMs) return [];
    const stable = busiest(lives, life.first, life);
    if (stable === undefined) return [];
    const until = lastTogether(life, stable, stepMs);
    const successor = busiest(lives, (life.last + 2 * stepMs) as Instant, life);
    const gone = life.last + GAP_STEPS * stepMs < to;
    const soon = life.last - life.first <= withdrawnWithinMs;
    const withdrawn = gone && soon && successor !== undefined && successor.first < life.first;
    const tooLate = !gone && soon;
    const label = withdrawn ? 'bad' : tooLate ? 'unknown' : 'good';
    return [{ version: life.version, stable: stable.version, from: life.first, until, label }];
  });
}

function lifeOf({ version, steps }: VersionActivity): readonly Life[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return [];
  return [
    {
      version,
      first: first.at,
      last: last.at,
      requests: new Map(steps.map(({ at, requests }) => [at, requests])),
    },
  ];
}

/** Who else had most requests in the step that ends at this time. */
function busiest(lives: readonly Life[], at: Instant, beside: Life): Life | undefined {
  const others = lives.filter((life) => life !== beside && (life.requests.get(at) ?? 0) > 0);
  return others.toSorted((a, b) => (b.requests.get(at) ?? 0) - (a.requests.get(at) ?? 0))[0];
}

function lastTogether(life: Life, stable: Life, stepMs: number): Instant {
  let last = life.first;
  for (let at = life.first as number; at <= last + GAP_STEPS * stepMs; at += stepMs)
    if (life.requests.has(at) && stable.requests.has(at)) last = at as Instant;
  return last;
}
