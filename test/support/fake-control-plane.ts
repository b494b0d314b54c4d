import { randomUUID } from 'node:crypto';
import type { Deployment } from '../../src/core/deployment.ts';
import { deploymentId, routeOf, type DeploymentId, type LaneId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { emptyLane, liveOnly, type Lane } from '../../src/core/lane.ts';
import type {
  CommandResult,
  ControlPlane,
  HealthReport,
  IngestResult,
  LiveStatus,
  PersonalCommand,
  RollbackRequest,
} from '../../src/engine/control-plane.ts';
import { instant } from '../../src/core/time.ts';
import type { PresentTraffic } from '../../src/judge/index.ts';
import type { RawRequest } from '../../src/ports/trigger.ts';
import type {
  DeploymentQuery,
  EventQuery,
  SeriesRow,
  StoredEvent,
  SystemEvent,
} from '../../src/ports/store.ts';
import { LANE, World } from '../core/given.ts';

const NOW = instant(0);

/** The real decisions of the core behind the real interface, kept in memory, with effects answered by the test. */
export class FakeControlPlane implements ControlPlane {
  readonly worlds = new Map<string, World>();
  readonly events: StoredEvent[] = [];
  readonly received: { readonly trigger: string; readonly request: RawRequest }[] = [];
  readonly explanations = new Map<string, JsonObject>();
  readonly assessments = new Map<DeploymentId, LiveStatus>();
  /** What every lane has to do at present. */
  traffic: PresentTraffic | null = null;
  readonly series = new Map<DeploymentId, readonly SeriesRow[]>();
  report: HealthReport = { status: 'healthy', subsystems: {} };
  audit: readonly string[] = [];
  /** What hooks are answered with. */
  answer: IngestResult = { status: 'accepted', event: 'event-1' };
  readonly #told = new Map<World, number>();
  readonly #waiting = new Set<() => void>();

  world(lane: LaneId = LANE): World {
    const known = this.worlds.get(routeOf(lane));
    if (known) return known;
    const world = new World();
    world.lane = emptyLane(lane);
    this.worlds.set(routeOf(lane), world);
    return world;
  }

  /** Makes events durable that worlds were fed with. */
  sync(): void {
    for (const world of this.worlds.values()) {
      for (const event of world.log.slice(this.#told.get(world) ?? 0))
        this.#keep({
          lane: world.lane.id,
          deployment: 'deployment' in event ? event.deployment : null,
          event,
        });
      this.#told.set(world, world.log.length);
    }
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  system(event: SystemEvent): void {
    this.#keep({ lane: null, deployment: null, event });
    this.sync();
  }

  #keep(event: Pick<StoredEvent, 'lane' | 'deployment' | 'event'>): void {
    this.events.push({ sequence: this.events.length + 1, id: randomUUID(), schema: 1, ...event });
  }

  async ingest(trigger: string, request: RawRequest): Promise<IngestResult> {
    this.received.push({ trigger, request });
    if (trigger !== 'manual') return this.answer;
    const wanted = JSON.parse(Buffer.from(request.body).toString()) as Record<string, string>;
    const world = [...this.worlds.values()].find((w) => w.lane.id.environment === wanted['environment']);
    const event = randomUUID();
    if (!world) {
      const details = { event, reason: `no environment ${wanted['environment']} is configured` };
      setImmediate(() => this.system({ type: 'event.ignored', at: NOW, actor: 'ada', details }));
      return { status: 'accepted', event };
    }
    setImmediate(() => {
      const { actor = '', ref = null, version = null, reason = null } = wanted;
      world.request(randomUUID(), {}, { event, trigger: 'manual', actor, ref, version, reason });
      this.sync();
      const details = { event, reason: 'by hand: asked for by hand' };
      this.system({ type: 'event.matched', at: NOW, actor, details });
    });
    return { status: 'accepted', event };
  }

  async command(command: PersonalCommand, lane: LaneId, actor: string): Promise<CommandResult> {
    const world = this.world(lane);
    const { refused } = world.feed(command, actor);
    if (refused) return { ok: false, ...refused };
    this.sync();
    return { ok: true, deployment: 'deployment' in command ? world.get(command.deployment) : null };
  }

  async rollback({ lane, reason, actor, emergency, event }: RollbackRequest): Promise<CommandResult> {
    const world = this.world(lane);
    const { serving } = world.lane.environment;
    if (!serving)
      return { ok: false, code: 'conflict', reason: 'nothing serves that one could go back from' };
    const id = world.request(
      randomUUID(),
      {},
      { revision: serving, reason, actor, emergency, event, trigger: 'manual' },
    );
    this.sync();
    return { ok: true, deployment: world.get(id) };
  }

  async lane(id: LaneId): Promise<Lane> {
    const { lane } = this.world(id);
    return { ...lane, deployments: liveOnly(lane.deployments) };
  }

  presentTraffic(): PresentTraffic | null {
    return this.traffic;
  }

  async live(id: DeploymentId): Promise<LiveStatus | undefined> {
    return this.assessments.get(id);
  }

  async *subscribe(after: number, signal: AbortSignal): AsyncIterable<StoredEvent> {
    for (let seen = after; !signal.aborted;) {
      const next = this.events[seen];
      if (next) {
        seen = next.sequence;
        yield next;
      } else {
        await new Promise<void>((resolve) => {
          this.#waiting.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  }

  readonly store: ControlPlane['store'] = {
    lanes: async () => [...this.worlds.values()].map(({ lane }) => lane.id),
    deployment: async (id) => this.#deployments().find((deployment) => deployment.id === id),
    deployments: async (query) => this.#query(query),
    events: async (query) => queryEvents(this.events, query),
    series: async (id) => this.series.get(id) ?? [],
    deliveries: async () => [],
  };

  #deployments(): readonly Deployment[] {
    return [...this.worlds.values()]
      .flatMap((world) => [...world.ended, ...world.lane.deployments])
      .toSorted((a, b) => b.requestedAt - a.requestedAt);
  }

  #query({ lane, states, before, limit }: DeploymentQuery): readonly Deployment[] {
    const all = this.#deployments();
    const start = before === undefined ? 0 : all.findIndex(({ id }) => id === before) + 1;
    return all
      .slice(start)
      .filter((deployment) => inLane(deployment.lane, lane))
      .filter(({ status }) => states?.includes(status.state) ?? true)
      .slice(0, limit);
  }

  async explain(event: string): Promise<JsonObject | undefined> {
    return this.explanations.get(event);
  }

  async *exportAudit(): AsyncIterable<string> {
    yield* this.audit;
  }

  async health(): Promise<HealthReport> {
    return this.report;
  }
}

const inLane = (lane: LaneId | null, wanted: Partial<LaneId> = {}): boolean =>
  (wanted.application === undefined || lane?.application === wanted.application) &&
  (wanted.environment === undefined || lane?.environment === wanted.environment);

function queryEvents(events: readonly StoredEvent[], query: EventQuery): readonly StoredEvent[] {
  const { after = 0, deployment, lane, types, actor, from = -Infinity, to = Infinity, limit } = query;
  const found = events.filter(
    (stored) =>
      stored.sequence > after &&
      (deployment === undefined || stored.deployment === deployment) &&
      inLane(stored.lane, lane) &&
      (types?.includes(stored.event.type) ?? true) &&
      (actor === undefined || stored.event.actor === actor) &&
      stored.event.at >= from &&
      stored.event.at <= to,
  );
  return (query.newestFirst ? found.toReversed() : found).slice(0, limit);
}

/** An id as the server makes them. */
export const id = (end: string): DeploymentId =>
  deploymentId(`0198f3a2-7c1e-7a4b-9d2e-5c6b7a${end.padStart(6, '0')}`);
