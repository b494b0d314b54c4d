import type { InstanceId, RevisionDigest } from '../../core/ids.ts';
import type { HealthPlan } from '../../core/plan.ts';
import { days, elapsed, formatDuration, type Duration, type Instant } from '../../core/time.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import { readyOf } from '../routing.ts';
import type { Wanted } from './expected.ts';

/** So many crashes of one revision within the configured time are a loop. */
const LOOP = 3;
/** No longer time is configured than a crash is remembered for. */
const REMEMBERED = days(1);

interface Crash {
  readonly instance: ObservedInstance;
  readonly at: Instant;
}

/** What was seen of a lane's instances, look by look. */
export class HealthBook {
  readonly #since: Instant;
  /** Ended ones that were taken note of. */
  #ended = new Set<InstanceId>();
  #crashes: readonly Crash[] = [];
  /** Looks in a row that found the instance alive and not healthy. */
  #sickLooks = new Map<InstanceId, number>();
  /** Checks in a row that found fewer healthy instances than should be, by revision. */
  readonly #failedChecks = new Map<RevisionDigest, { count: number; at: Instant }>();

  /** @param since crashes before this were seen by an earlier book */
  constructor(since: Instant) {
    this.#since = since;
  }

  /** @returns instances that have ended by themselves since the look before */
  update(now: Instant, instances: readonly ObservedInstance[]): readonly ObservedInstance[] {
    const sick = instances.filter((one) => one.alive && one.health === 'unhealthy');
    this.#sickLooks = new Map(sick.map(({ id }) => [id, (this.#sickLooks.get(id) ?? 0) + 1]));
    const ended = instances.filter((one) => one.exit !== null);
    const crashed = ended.filter(
      (one) => !one.stopping && !this.#ended.has(one.id) && (one.exit?.at ?? 0) > this.#since,
    );
    this.#ended = new Set(ended.map(({ id }) => id));
    const known = [
      ...this.#crashes,
      ...crashed.map((instance) => ({ instance, at: instance.exit?.at ?? now })),
    ];
    this.#crashes = known.filter(({ at }) => elapsed(at, now) < REMEMBERED);
    return crashed;
  }

  sickLooks(instance: InstanceId): number {
    return this.#sickLooks.get(instance) ?? 0;
  }

  /** Why the revision is in a crash loop; undefined when it is not. */
  crashLoop(now: Instant, { digest }: Wanted['revision'], within: Duration): string | undefined {
    const mine = this.#crashes.filter(
      ({ instance, at }) => instance.revision === digest && elapsed(at, now) < within,
    );
    const last = mine.at(-1);
    if (last === undefined || mine.length < LOOP) return undefined;
    return `${mine.length} crashes within ${formatDuration(within)}; the last: ${last.instance.id} ${last.instance.detail}`;
  }

  /**
   * Counts one health check of a revision, at most one an interval.
   * @returns why it has failed too often in a row; undefined when it has not
   */
  check(
    now: Instant,
    plan: HealthPlan,
    { revision, role, count }: Wanted,
    instances: readonly ObservedInstance[],
  ): string | undefined {
    const ready = readyOf(instances, revision.digest, role).length;
    if (ready >= count) {
      this.#failedChecks.delete(revision.digest);
      return undefined;
    }
    const before = this.#failedChecks.get(revision.digest);
    const isDue = before === undefined || elapsed(before.at, now) >= plan.interval;
    const checks = isDue ? { count: (before?.count ?? 0) + 1, at: now } : before;
    this.#failedChecks.set(revision.digest, checks);
    if (checks.count < plan.consecutiveFailures) return undefined;
    const sick = instances.filter((one) => one.revision === revision.digest && one.health !== 'healthy');
    const details = sick.map(({ id, detail }) => `${id} ${detail}`).join('; ');
    return `${checks.count} checks in a row found ${ready} of ${count} instances healthy: ${details}`;
  }
}
