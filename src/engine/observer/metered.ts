import type { Deployment, Rollout } from '../../core/deployment.ts';
import { messageOf } from '../../core/errors.ts';
import type { LaneId } from '../../core/ids.ts';
import type { MetricsPlan } from '../../core/plan.ts';
import type { Revision } from '../../core/release.ts';
import { instant, type Instant } from '../../core/time.ts';
import { ALL, type ArmName } from '../../core/weights.ts';
import type { Assessment } from '../../judge/index.ts';
import type { MetricArm } from '../../ports/metrics.ts';
import type { SeriesRow } from '../../ports/store.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import { hasFreshBaseline } from '../baseline.ts';
import type { LiveStatus } from '../control-plane.ts';
import { readyOf, roleOfArm } from '../routing.ts';
import type { World } from '../world.ts';
import { MetricFeed, type Arms } from './metric-feed.ts';
import { Recorder } from './recorder.ts';
import { Watch } from './watch.ts';

/** What in a source's settings tells two revisions of one version apart. */
const TELLS_APART = /\{\{\s*(?:revision|arm|instance)\s*\}\}/;

/** What is told of the instances' own counts at the edge, whoever counts for the judge. */
const HARD_RULES: ReadonlySet<string> = new Set(['dead-release', 'crash-rate']);

/** A rollout that is judged by a metric source. It is asked beside the looks, none of which waits for it. */
export class Metered {
  readonly #world: World;
  readonly #plan: MetricsPlan;
  readonly #lane: LaneId;
  readonly #watch: Watch;
  readonly #recorder: Recorder;
  #feed: MetricFeed | undefined;
  #busy = false;
  #trouble: string | undefined;

  /** @param rows what was recorded of the source's ticks so far */
  constructor(
    world: World,
    lane: LaneId,
    deployment: Deployment,
    plan: MetricsPlan,
    rows: readonly SeriesRow[],
  ) {
    this.#world = world;
    this.#lane = lane;
    this.#plan = plan;
    this.#watch = new Watch(deployment, rows);
    this.#recorder = new Recorder(world.store);
  }

  concern(deployment: Deployment): void {
    this.#watch.concern(deployment);
  }

  live(): LiveStatus {
    return this.#watch.live();
  }

  /** Asks for what is new, if it is time to. @param instances as they were just seen */
  look(deployment: Deployment, rollout: Rollout, instances: readonly ObservedInstance[], now: Instant): void {
    if (this.#busy || rollout.startedAt === null) return;
    this.#busy = true;
    void this.#ask(deployment, rollout, instances, { now, startedAt: rollout.startedAt })
      .catch((error: unknown) => {
        this.#trouble = messageOf(error);
        this.#world.log.warn({ err: error, deployment: deployment.id }, 'metrics could not be taken');
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  /**
   * The verdict by the source's counts.
   * @param guard by the provider's own: a dead release and crashes are not waited for
   */
  assess(
    deployment: Deployment,
    rollout: Rollout,
    now: Instant,
    guard: Assessment | undefined,
  ): Assessment | undefined {
    if (guard?.verdict === 'issue' && HARD_RULES.has(guard.rule)) return guard;
    return this.#watch.assess(deployment, rollout, now, this.#trouble);
  }

  async #ask(
    deployment: Deployment,
    rollout: Rollout,
    instances: readonly ObservedInstance[],
    { now, startedAt }: { readonly now: Instant; readonly startedAt: Instant },
  ): Promise<void> {
    // The judge begins with the rollout, so that it can tell what is missing.
    if (this.#watch.lastAt === undefined)
      await this.#recorder.record(this.#watch.take({ at: startedAt, counts: [] }, rollout));
    const arms = this.#armsOf(deployment, rollout, instances);
    if (arms === undefined) return;
    this.#feed ??= await this.#openFeed(startedAt);
    const tick = await this.#feed.next(arms, now);
    this.#trouble = this.#feed.trouble;
    if (tick !== undefined) await this.#recorder.record(this.#watch.take(tick, rollout));
  }

  async #openFeed(startedAt: Instant): Promise<MetricFeed> {
    const { type, settings } = this.#plan;
    const source = await this.#world.metrics(type);
    const from = instant(this.#watch.lastAt ?? startedAt);
    return new MetricFeed(source, { ...this.#lane, settings }, from);
  }

  /** undefined where the two sides cannot be told apart by what is asked. */
  #armsOf(
    deployment: Deployment,
    rollout: Rollout,
    instances: readonly ObservedInstance[],
  ): Arms | undefined {
    const { revision, previous } = deployment;
    if (revision === null) return undefined;
    const version = revision.release.version;
    const alike = previous?.release.version === version;
    if (alike && !TELLS_APART.test(JSON.stringify(this.#plan.settings))) {
      this.#trouble = `both sides have the version ${version}, so the metrics cannot tell them apart; use {{revision}} or {{instance}}`;
      return undefined;
    }
    const compared = hasFreshBaseline(deployment) ? 'baseline' : 'stable';
    const serves = previous !== null && rollout.weight < ALL;
    return {
      canary: armOf('canary', revision, instances),
      baseline: serves ? armOf(compared, previous, instances) : null,
    };
  }
}

const armOf = (arm: ArmName, revision: Revision, instances: readonly ObservedInstance[]): MetricArm => ({
  arm,
  version: revision.release.version,
  revision: revision.digest,
  instances: readyOf(instances, revision.digest, roleOfArm(arm)).map(({ id }) => id),
});
