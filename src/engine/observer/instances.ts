import { deploymentId, effectKey, routeOf, type DeploymentId, type LaneId } from '../../core/ids.ts';
import { after, elapsed, minutes, seconds, type Instant } from '../../core/time.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import { backOff } from '../backoff.ts';
import { launch } from '../launch.ts';
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
    const { revision, role, count } = wanted;
    const now = system.now();
    const name = `${revision.digest} ${role}`;
    const record = this.#records.get(name);
    const running = instances.filter(
      (one) => one.revision === revision.digest && one.role === role && one.alive && !one.stopping,
    );
    if (running.length >= count) {
      const ready = readyOf(running, revision.digest, role).length;
      const calm = ready >= count && record !== undefined && elapsed(record.last, now) >= CALM;
      if (calm) this.#records.delete(name);
      return;
    }
    const attempts = (record?.attempts ?? 0) + 1;
    const wait = backOff(system, attempts, FIRST_WAIT, LONGEST_WAIT);
    // What a rollout was about to end may be what is missing: it is looked at twice. At rest there is nothing to wait for.
    if (record === undefined && deployment !== null) {
      this.#records.set(name, { attempts: 0, notBefore: after(now, wait), last: now });
      return;
    }
    if (record !== undefined && now < record.notBefore) return;
    this.#records.set(name, { attempts, notBefore: after(now, wait), last: now });
    const missing = count - running.length;
    log.warn(
      { lane: routeOf(this.#lane), revision: revision.digest, missing },
      'starting again what has ended',
    );
    await this.#start(wanted, deployment ?? (await this.#deploymentOf(wanted)));
  }

  async #start(wanted: Wanted, deployment: DeploymentId): Promise<void> {
    const key = effectKey(`${routeOf(this.#lane)}/keep-${this.#world.system.id()}`);
    await launch(this.#world, { ...wanted, key, lane: this.#lane, deployment });
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
