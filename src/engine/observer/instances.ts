import { SpillwayError } from '../../core/errors.ts';
import { deploymentId, effectKey, routeOf, type DeploymentId, type LaneId } from '../../core/ids.ts';
import { after, elapsed, minutes, seconds, type Instant } from '../../core/time.ts';
import type { ObservedInstance, StartRequest, Target } from '../../ports/target.ts';
import { backOff } from '../backoff.ts';
import { readyOf } from '../routing.ts';
import type { World } from '../world.ts';
import type { Wanted } from './expected.ts';

const FIRST_WAIT = seconds(1);
const LONGEST_WAIT = seconds(30);
/** Once all has been well for this long, the next start waits no longer than the first. */
const CALM = minutes(1);

interface Record {
  attempts: number;
  notBefore: Instant;
  last: Instant;
}

/** Starts again what should run and does not: after a crash, and after the machine itself has gone down. */
export class InstanceKeeper {
  readonly #world: World;
  readonly #lane: LaneId;
  readonly #records = new Map<string, Record>();

  constructor(world: World, lane: LaneId) {
    this.#world = world;
    this.#lane = lane;
  }

  /** @param deployment the one under way, if any */
  async keep(
    wanted: Wanted,
    instances: readonly ObservedInstance[],
    deployment: DeploymentId | null,
  ): Promise<void> {
    const { system, log } = this.#world;
    const { revision, count } = wanted;
    const now = system.now();
    const record = this.#records.get(revision.digest);
    const running = instances.filter((one) => one.revision === revision.digest && one.alive && !one.stopping);
    if (running.length >= count) {
      const ready = readyOf(running, revision.digest).length;
      const calm = ready >= count && record !== undefined && elapsed(record.last, now) >= CALM;
      if (calm) this.#records.delete(revision.digest);
      return;
    }
    const attempts = (record?.attempts ?? 0) + 1;
    const wait = backOff(system, attempts, FIRST_WAIT, LONGEST_WAIT);
    if (record === undefined) {
      this.#records.set(revision.digest, { attempts: 0, notBefore: after(now, wait), last: now });
      return;
    }
    if (now < record.notBefore) return;
    this.#records.set(revision.digest, { attempts, notBefore: after(now, wait), last: now });
    const missing = count - running.length;
    log.warn(
      { lane: routeOf(this.#lane), revision: revision.digest, missing },
      'starting again what has ended',
    );
    await this.#start(wanted, deployment ?? (await this.#deploymentOf(wanted)));
  }

  async #start({ revision, count }: Wanted, deployment: DeploymentId): Promise<void> {
    const target = await this.#world.target(revision.runtime.target.type);
    const key = effectKey(`${routeOf(this.#lane)}/keep-${this.#world.system.id()}`);
    const request: StartRequest = { key, lane: this.#lane, deployment, revision, count };
    try {
      await target.start(request);
    } catch (error) {
      if (!(error instanceof SpillwayError) || error.code !== 'conflict') throw error;
      await this.#prepare(target, request);
      await target.start(request);
    }
  }

  /** Its files are not there (any more). */
  async #prepare(target: Target, { lane, revision }: StartRequest): Promise<void> {
    const source = await this.#world.applications.source(lane.application);
    const { folder } = await source.artifact(revision.release.artifact);
    await target.prepare(lane, revision, folder);
  }

  /** The deployment that brought the revision here. */
  async #deploymentOf({ revision }: Wanted): Promise<DeploymentId> {
    const recent = await this.#world.store.deployments({
      lane: this.#lane,
      states: ['completed'],
      limit: 50,
    });
    const brought = recent.find((one) => one.revision?.digest === revision.digest);
    return brought?.id ?? deploymentId('unknown');
  }
}
