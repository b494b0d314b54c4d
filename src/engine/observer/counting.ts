import type { Deployment, Rollout } from '../../core/deployment.ts';
import { SpillwayError } from '../../core/errors.ts';
import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Revision } from '../../core/release.ts';
import type { Instant } from '../../core/time.ts';
import type { PresentTraffic } from '../../judge/index.ts';
import type { Traffic, TrafficCounts } from '../../ports/traffic.ts';
import type { World } from '../world.ts';
import { StableHistory } from './history.ts';
import { Recorder } from './recorder.ts';
import type { InstanceLook, Watch } from './watch.ts';

/** What is counted, and for whom. */
export interface Counted {
  readonly deployment: Deployment;
  readonly rollout: Rollout;
  readonly watch: Watch;
  /** What carries the traffic when the deployment is not there. */
  readonly serving: Revision | null;
}

/** Asks a lane's traffic provider for its counts, for the judge of a rollout and for those to come. */
export class Counting {
  readonly #world: World;
  readonly #route: string;
  readonly #history = new StableHistory();
  /** How many answers were asked for, and which of them was taken last. */
  #asked = 0;
  #taken = 0;
  readonly #recorder: Recorder;

  constructor(world: World, lane: LaneId) {
    this.#world = world;
    this.#recorder = new Recorder(world.store);
    this.#route = routeOf(lane);
  }

  /** What the version that serves has to do at present; null where that is not known. */
  presentTraffic(now: Instant): PresentTraffic | null {
    return this.#history.presentTraffic(now);
  }

  /**
   * A look at a lane at rest: what its instances do now is what a later rollout is compared with. Of slow clients nothing more needs to
   * be remembered.
   */
  async rest(now: Instant, serving: Revision): Promise<void> {
    const traffic = await this.#world.traffic(serving.runtime.traffic.type);
    const counts = await this.#counts(traffic).catch(ignoreUnknown);
    if (counts === undefined) return;
    this.#history.note(now, counts, serving.digest);
    if (counts.watched.length > 0) await traffic.watchSlow(this.#route, []);
  }

  /**
   * A look at a rollout: it is folded into its judge and recorded, and the provider is told what the judge wants counted.
   * @returns whether the provider's answer was taken
   */
  async look(now: Instant, instances: InstanceLook, counted: Counted): Promise<boolean> {
    const { deployment, rollout, watch, serving } = counted;
    const traffic = await this.#world.traffic(deployment.plan.runtime.traffic.type);
    const counts = await this.#counts(traffic);
    if (counts === undefined) return false;
    if (serving !== null) this.#history.note(now, counts, serving.digest);
    const row = watch.look(now, counts, { ...instances, rollout, history: this.#history.blocks });
    if (row === null) return true;
    await this.#recorder.record(row);
    const { buckets } = watch;
    if (!sameList(buckets, counts.watched)) await traffic.watchSlow(this.#route, buckets);
    return true;
  }

  /** @returns undefined for an answer that was overtaken: it says less than what is known, and its counts would seem to go back */
  async #counts(traffic: Traffic): Promise<TrafficCounts | undefined> {
    const serial = ++this.#asked;
    const counts = await traffic.counts(this.#route);
    if (serial < this.#taken) return undefined;
    this.#taken = serial;
    return counts;
  }
}

/** The route was never set. */
function ignoreUnknown(error: unknown): undefined {
  if (error instanceof SpillwayError && error.code === 'not_found') return undefined;
  throw error;
}

const sameList = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((one, i) => one === b[i]);
