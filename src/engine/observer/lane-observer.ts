import type { Deployment, Rollout } from '../../core/deployment.ts';
import type { DeploymentId, LaneId, RevisionDigest } from '../../core/ids.ts';
import type { Observation } from '../../core/input.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Lane } from '../../core/lane.ts';
import { labelOf } from '../../core/release.ts';
import { elapsed, instant, minutes, seconds, type Instant } from '../../core/time.ts';
import { NONE } from '../../core/weights.ts';
import type { Assessment, PresentTraffic } from '../../judge/index.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import type { Endpoint } from '../../ports/traffic.ts';
import { hasFreshBaseline } from '../baseline.ts';
import type { LiveStatus } from '../control-plane.ts';
import { observeFleet, type Fleet } from '../fleet.ts';
import type { Lanes } from '../lanes.ts';
import { readyOf } from '../routing.ts';
import { asJson } from '../tasks.ts';
import type { World } from '../world.ts';
import { Counting, type Counted } from './counting.ts';
import { expectedOf, rolloutOf, watchedOf, type Expected } from './expected.ts';
import { HealthBook } from './health-book.ts';
import { InstanceKeeper } from './instances.ts';
import { isNews } from './judging.ts';
import { RouteKeeper } from './route-keeper.ts';
import { Metered } from './metered.ts';
import { isMetered, type Side } from './series.ts';
import { StrayKeeper } from './strays.ts';
import { SurplusKeeper } from './surplus.ts';
import { replayInTurns } from './tape.ts';
import { noneOf, Watch } from './watch.ts';

/** What was seen is acted on without another look for this long: three looks at a lane that soaks. */
const BELIEVED = seconds(15);

/** Where nothing serves, so many that failed are thought of. */
const WITHDRAWN = 5;

/** Who judges a rollout. */
interface Watched {
  readonly of: DeploymentId;
  /** By the provider's counts. */
  readonly watch: Watch;
  /** By a metric source, where one is configured; the provider's counts then tell only what must not wait. */
  readonly metered: Metered | undefined;
}

/** One look at one lane: what is really there becomes evidence, observations and, where it differs, corrections. */
export class LaneObserver {
  readonly #world: World;
  readonly #lanes: Lanes;
  readonly #id: LaneId;
  readonly #counting: Counting;
  readonly #instances: InstanceKeeper;
  readonly #route: RouteKeeper;
  readonly #strays: StrayKeeper;
  readonly #surplus: SurplusKeeper;
  #health: HealthBook | undefined;
  #watch: Watched | undefined;
  #rebuilding: { readonly of: DeploymentId; readonly done: Promise<Watched> } | undefined;
  /** What the next look has to report beside the counts. */
  #pending = { crashes: noneOf(), instanceMinutes: noneOf() };
  #lookedAt: Instant | undefined;
  #lack: string | null = null;
  #lastSeen: readonly ObservedInstance[] = [];

  constructor(world: World, lanes: Lanes, id: LaneId) {
    this.#world = world;
    this.#lanes = lanes;
    this.#id = id;
    this.#counting = new Counting(world, id);
    this.#instances = new InstanceKeeper(world, id);
    this.#route = new RouteKeeper(world, lanes, id);
    this.#strays = new StrayKeeper(world, id);
    this.#surplus = new SurplusKeeper(world, lanes, id);
  }

  live(id: DeploymentId): LiveStatus | undefined {
    return this.#watch?.of === id ? (this.#watch.metered ?? this.#watch.watch).live() : undefined;
  }

  /** Where instances of the revision were ready at the last look; none once that is too long ago to be believed. */
  lastReady(revision: RevisionDigest): readonly Endpoint[] {
    const now = this.#world.system.now();
    const believed = this.#lookedAt !== undefined && elapsed(this.#lookedAt, now) <= BELIEVED;
    return believed ? readyOf(this.#lastSeen, revision).map(({ endpoint }) => endpoint) : [];
  }

  /** What the version that serves has to do at present; null where that is not known. */
  presentTraffic(): PresentTraffic | null {
    return this.#counting.presentTraffic(this.#world.system.now());
  }

  /** Whether the judge is being brought back from the record. */
  get isRebuilding(): boolean {
    return this.#rebuilding !== undefined;
  }

  /** Which instances should be ready and were not at the last look; null when none. */
  get lack(): string | null {
    return this.#lack;
  }

  async look(lane: Lane): Promise<void> {
    const expected = expectedOf(lane);
    const deployment = watchedOf(lane);
    const watch = await this.#watchOf(deployment);
    if (expected.wanted.length === 0 && deployment === undefined) return this.#lookAtNone();
    const now = this.#world.system.now();
    const revisions = [...expected.wanted.map(({ revision }) => revision), ...revisionOf(deployment)];
    const fleet = await observeFleet(this.#world, this.#id, revisions);
    const { instances } = fleet;
    this.#health ??= new HealthBook(instant(watch?.lastAt ?? now));
    this.#note(now, deployment, instances, this.#health.update(now, instances));
    this.#lookedAt = now;
    this.#lack = lackOf(expected, instances);
    this.#lastSeen = instances;

    await this.#eachTried([
      () => this.#judge(lane, watch, now),
      () => this.#checkHealth(deployment, expected, instances, now),
      ...expected.wanted.map(
        (wanted) => () => this.#instances.keep(wanted, instances, deployment?.id ?? null),
      ),
      () => this.#keepRoute(lane, instances),
      async () => this.#surplus.keep(lane, fleet),
      () => this.#endStrays(lane, deployment, fleet),
    ]);
  }

  /** What fails must not keep the rest from being done; the first failure is the look's. */
  async #eachTried(parts: ReadonlyArray<() => Promise<void>>): Promise<void> {
    const failures: unknown[] = [];
    for (const part of parts) await part().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** The judge of the rollout, rebuilt from the series when it is not at hand. */
  async #watchOf(deployment: Deployment | undefined): Promise<Watch | undefined> {
    if (deployment === undefined || rolloutOf(deployment) === undefined) {
      this.#watch = undefined;
      return undefined;
    }
    if (this.#watch?.of !== deployment.id) {
      // It may take longer than a look may, and must not be done twice: the second would not know what the first has seen.
      if (this.#rebuilding?.of !== deployment.id)
        this.#rebuilding = { of: deployment.id, done: this.#rebuild(deployment) };
      this.#watch = await this.#rebuilding.done.finally(() => (this.#rebuilding = undefined));
    }
    this.#watch.watch.concern(deployment);
    this.#watch.metered?.concern(deployment);
    return this.#watch.watch;
  }

  async #rebuild(deployment: Deployment): Promise<Watched> {
    // What a revision did when it was deployed before is not held against it.
    this.#health = undefined;
    this.#pending = { crashes: noneOf(), instanceMinutes: noneOf() };
    const rows = await this.#world.store.series(deployment.id);
    const { metrics } = deployment.plan.analysis;
    const watch = new Watch(deployment, []);
    await replayInTurns(
      watch,
      rows.filter((row) => !isMetered(row)),
    );
    const metered =
      metrics && new Metered(this.#world, this.#id, deployment, metrics, rows.filter(isMetered));
    return { of: deployment.id, watch, metered };
  }

  #note(
    now: Instant,
    deployment: Deployment | undefined,
    instances: readonly ObservedInstance[],
    crashed: readonly ObservedInstance[],
  ): void {
    const compared = deployment !== undefined && hasFreshBaseline(deployment) ? 'baseline' : 'serving';
    const sideOf = ({ revision, role }: ObservedInstance): Side | undefined => {
      if (revision === deployment?.revision?.digest) return 'canary';
      return revision === deployment?.previous?.digest && role === compared ? 'baseline' : undefined;
    };
    const { crashes, instanceMinutes } = this.#pending;
    const passed = (now - (this.#lookedAt ?? now)) / minutes(1);
    for (const one of instances) {
      const side = sideOf(one);
      if (side === undefined) continue;
      if (one.alive) instanceMinutes[side] += Math.max(0, passed);
      if (crashed.includes(one)) crashes[side]++;
    }
  }

  async #judge(lane: Lane, watch: Watch | undefined, now: Instant): Promise<void> {
    const deployment = watchedOf(lane);
    const rollout = deployment && rolloutOf(deployment);
    const { serving } = lane.environment;
    if (deployment === undefined && serving !== null) return this.#counting.rest(now, serving);
    if (deployment === undefined || rollout === undefined || watch === undefined) return;
    // Without counts the verdict changes too: data that is missed never passes.
    const counted = await this.#count({ deployment, rollout, watch, serving }, now).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const metered = this.#watch?.metered;
    metered?.look(deployment, rollout, this.#lastSeen, now);
    const counts = watch.assess(deployment, rollout, now);
    const assessment = metered === undefined ? counts : metered.assess(deployment, rollout, now, counts);
    if (assessment !== undefined) await this.#report(deployment, rollout, assessment);
    if (counted !== null) throw counted.error;
  }

  async #report(deployment: Deployment, rollout: Rollout, assessment: Assessment): Promise<void> {
    if (!isNews(assessment, rollout)) return;
    const { verdict, rule, response, reason, record } = assessment;
    await this.#submit({
      type: 'verdict',
      deployment: deployment.id,
      step: rollout.step,
      verdict,
      rule,
      response,
      reason,
      record: asJson(record) as JsonObject,
    });
  }

  /** Takes the counts, and keeps what they say before it is used. */
  async #count(counted: Counted, now: Instant): Promise<void> {
    // Of a first release, the provider knows nothing before it is given traffic.
    if (counted.deployment.previous === null && counted.rollout.shiftedAt === null) return;
    const taken = await this.#counting.look(now, this.#pending, counted);
    if (taken) this.#pending = { crashes: noneOf(), instanceMinutes: noneOf() };
  }

  async #checkHealth(
    deployment: Deployment | undefined,
    { wanted }: Expected,
    instances: readonly ObservedInstance[],
    now: Instant,
  ): Promise<void> {
    const mine = wanted.find(({ revision }) => revision.digest === deployment?.revision?.digest);
    const rollout = deployment && rolloutOf(deployment);
    if (deployment === undefined || rollout === undefined || mine === undefined) return;
    const loop = this.#health?.crashLoop(now, mine.revision, deployment.plan.analysis.crashWindow);
    const sick = this.#health?.check(now, deployment.plan.health, mine, instances);
    const reason = loop ?? sick;
    if (reason === undefined) return;
    const record = { weight: rollout.weight, atWeight: rollout.weight > NONE, instances: details(instances) };
    const check = loop === undefined ? 'health' : 'crash_loop';
    await this.#submit({ type: 'degraded', deployment: deployment.id, check, reason, record });
  }

  async #keepRoute(lane: Lane, instances: readonly ObservedInstance[]): Promise<void> {
    if (this.#health !== undefined) await this.#route.keep(lane, instances, this.#health);
  }

  async #endStrays(lane: Lane, deployment: Deployment | undefined, fleet: Fleet): Promise<void> {
    const { serving } = lane.environment;
    if (deployment !== undefined || serving === null) this.#strays.busy();
    else await this.#strays.keep({ serving: serving.digest, traffic: serving.runtime.traffic.type }, fleet);
  }

  /** Nothing serves and nothing is under way: what was withdrawn last may have left something where it ran. */
  async #lookAtNone(): Promise<void> {
    const ended = await this.#world.store.deployments({
      lane: this.#id,
      states: ['failed'],
      limit: WITHDRAWN,
    });
    const revisions = ended.flatMap(revisionOf);
    const [last] = revisions;
    if (last === undefined) return;
    const fleet = await observeFleet(this.#world, this.#id, revisions);
    await this.#strays.keep({ serving: null, traffic: last.runtime.traffic.type }, fleet);
  }

  async #submit(observation: Observation): Promise<void> {
    await this.#lanes.submit(this.#id, { at: this.#world.system.now(), actor: 'spillway', ...observation });
  }
}

const revisionOf = (deployment: Deployment | undefined) =>
  deployment?.revision ? [deployment.revision] : [];

function lackOf({ wanted }: Expected, instances: readonly ObservedInstance[]): string | null {
  const lacking = wanted.flatMap(({ revision, role, count }) => {
    const ready = readyOf(instances, revision.digest, role).length;
    return ready < count ? [`${ready} of ${count} instances of ${labelOf(revision)} are ready`] : [];
  });
  return lacking.length === 0 ? null : lacking.join(', ');
}

const details = (instances: readonly ObservedInstance[]) =>
  instances.map(({ id, revision, health, detail }) => ({ id, revision, health, detail }));
