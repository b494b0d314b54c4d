import { isActive } from '../../core/deployment.ts';
import { messageOf } from '../../core/errors.ts';
import { routeOf, type DeploymentId, type LaneId, type RevisionDigest } from '../../core/ids.ts';
import type { Lane } from '../../core/lane.ts';
import { seconds, type Duration } from '../../core/time.ts';
import type { PresentTraffic } from '../../judge/index.ts';
import type { Endpoint } from '../../ports/traffic.ts';
import type { LiveStatus } from '../control-plane.ts';
import type { Lanes } from '../lanes.ts';
import type { World } from '../world.ts';
import { watchedOf } from './expected.ts';
import { Holdings } from './holdings.ts';
import { LaneObserver } from './lane-observer.ts';

/** A lane at rest is looked at less often, unless something is missing there. */
const LOOK_EVERY = { busy: seconds(1), otherwise: seconds(5) };
/**
 * So many of the lanes at rest are looked at in one round, those first whose last look is the longest ago: they neither come all at
 * once, nor take the machine from the rollouts. With more than 2,500 of them each has its turn less often, with 10,000 every 20 s.
 */
const AT_REST_EACH_ROUND = 500;
const NOT_LOOKED_AT = 'was not looked at yet';
/** A look that takes longer is left alone, and the next one begun. */
const LOOK_LIMIT = seconds(20);
/** What waits for the first look waits no longer. */
const FIRST_LOOK_LIMIT = seconds(5);

interface Seen {
  readonly observer: LaneObserver;
  /** Both in milliseconds of the monotonic clock: somebody who sets the time of day back must not make it look away. */
  busySince: number | null;
  lookedAt: number | null;
  /** Why the last look failed; undefined before the first has ended. */
  trouble: string | null | undefined;
}

/** Looks again and again at every lane that no other replica looks at; lanes do not wait for each other. */
export class Observer {
  readonly #world: World;
  readonly #lanes: Lanes;
  readonly #holdings: Holdings;
  readonly #seen = new Map<string, Seen>();
  readonly #stopping = new AbortController();
  readonly #looked = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;

  constructor(world: World, lanes: Lanes) {
    this.#world = world;
    this.#lanes = lanes;
    this.#holdings = new Holdings(world.store);
  }

  /** Resolves when every lane has been looked at once since the start, or could not be in time. */
  get looked(): Promise<void> {
    return this.#looked.promise;
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  live(id: DeploymentId): LiveStatus | undefined {
    for (const { observer } of this.#seen.values()) {
      const live = observer.live(id);
      if (live !== undefined) return live;
    }
    return undefined;
  }

  /** Where instances of the revision were ready at the last look, if that was a moment ago. */
  lastReady(lane: LaneId, revision: RevisionDigest): readonly Endpoint[] {
    return this.#seen.get(routeOf(lane))?.observer.lastReady(revision) ?? [];
  }

  /** What the version that serves in a lane has to do at present; null where that is not known. */
  presentTraffic(lane: LaneId): PresentTraffic | null {
    return this.#seen.get(routeOf(lane))?.observer.presentTraffic() ?? null;
  }

  /** Lanes whose last look failed or found too little, with the reason. */
  troubles(): ReadonlyArray<{ readonly lane: string; readonly reason: string }> {
    return [...this.#seen].flatMap(([lane, { trouble, observer }]) => {
      const reason = trouble === undefined ? NOT_LOOKED_AT : (trouble ?? observer.lack);
      return reason === null ? [] : [{ lane, reason }];
    });
  }

  async #work(): Promise<void> {
    const { system } = this.#world;
    void this.#firstLook(this.#round());
    while (!this.#stopping.signal.aborted) {
      await system.sleep(LOOK_EVERY.busy, this.#stopping.signal);
      void this.#round();
    }
  }

  async #round(): Promise<void> {
    const lanes = this.#lanes.all();
    await this.#hold(lanes);
    const now = this.#world.system.monotonic();
    const mine = lanes.filter(({ id }) => this.#holdings.has(id));
    const known = mine.map((lane) => ({ lane, seen: this.#seenOf(lane) }));
    const waiting = known.filter(({ seen }) => seen.busySince === null || now - seen.busySince >= LOOK_LIMIT);
    const busy = waiting.filter(({ lane, seen }) => isBusy(lane, seen) && isDue(seen, now, LOOK_EVERY.busy));
    const atRest = waiting
      .filter(({ lane, seen }) => !isBusy(lane, seen) && isDue(seen, now, LOOK_EVERY.otherwise))
      .toSorted((a, b) => (a.seen.lookedAt ?? -1) - (b.seen.lookedAt ?? -1))
      .slice(0, AT_REST_EACH_ROUND);
    await Promise.all([...busy, ...atRest].map(({ lane, seen }) => this.#look(lane, seen, now)));
  }

  async #hold(lanes: readonly Lane[]): Promise<void> {
    try {
      await this.#holdings.take(lanes.map(({ id }) => id));
    } catch (error) {
      this.#world.log.warn({ err: error }, 'no more lanes can be taken to look at');
    }
    for (const { id } of lanes) if (!this.#holdings.has(id)) this.#seen.delete(routeOf(id));
  }

  /** @param looks of the first round, which may be too few */
  async #firstLook(looks: Promise<unknown>): Promise<void> {
    const { system } = this.#world;
    const done = new AbortController();
    const everyLane = async () => {
      await looks;
      while (!done.signal.aborted && [...this.#seen.values()].some(({ trouble }) => trouble === undefined))
        await system.sleep(LOOK_EVERY.busy, done.signal);
    };
    // A judge that a day's record brings back takes longer, and what it will say must not come too late.
    const limit = async () => {
      do await system.sleep(FIRST_LOOK_LIMIT, done.signal);
      while ([...this.#seen.values()].some(({ observer }) => observer.isRebuilding));
    };
    await Promise.race([everyLane(), limit()]);
    done.abort();
    this.#looked.resolve();
  }

  async #look(lane: Lane, seen: Seen, began: number): Promise<void> {
    seen.busySince = began;
    seen.lookedAt = began;
    try {
      await seen.observer.look(lane);
      seen.trouble = null;
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== seen.trouble)
        this.#world.log.warn({ err: error, lane: routeOf(lane.id) }, 'look failed');
      seen.trouble = reason;
    } finally {
      if (seen.busySince === began) seen.busySince = null;
    }
  }

  #seenOf(lane: Lane): Seen {
    const route = routeOf(lane.id);
    const known = this.#seen.get(route);
    if (known !== undefined) return known;
    const observer = new LaneObserver(this.#world, this.#lanes, lane.id);
    const seen: Seen = { observer, busySince: null, lookedAt: null, trouble: undefined };
    this.#seen.set(route, seen);
    return seen;
  }
}

const isDue = ({ lookedAt }: Seen, now: number, every: Duration): boolean =>
  lookedAt === null || now - lookedAt >= every;

function isBusy(lane: Lane, { observer }: Seen): boolean {
  const state = watchedOf(lane)?.status.state;
  return (state !== undefined && isActive(state)) || observer.lack !== null;
}
