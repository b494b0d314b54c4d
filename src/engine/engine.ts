import { isTerminal } from '../core/deployment.ts';
import type { DeploymentId, LaneId } from '../core/ids.ts';
import type { Command, Input } from '../core/input.ts';
import type { JsonObject } from '../core/json.ts';
import { findDeployment } from '../core/lane.ts';
import { seconds } from '../core/time.ts';
import type { LaneAppend, News, NewTask, SystemEvent } from '../ports/store.ts';
import type { RawRequest } from '../ports/trigger.ts';
import { AuditSeal, type AuditKeyFile } from './audit.ts';
import type { CommandResult, ControlPlane, PersonalCommand, RollbackRequest } from './control-plane.ts';
import { Feed } from './feed.ts';
import { answerTo, wayBack } from './go-back.ts';
import { effectTasks, isWork } from './handlers/index.ts';
import type { Scope } from './handlers/scope.ts';
import { healthReport } from './health.ts';
import { explain } from './intake/explain.ts';
import { inboxTasks } from './intake/inbox-tasks.ts';
import { ingest } from './intake/ingest.ts';
import { Lanes } from './lanes.ts';
import { notifyTasks } from './notify-tasks.ts';
import { Observer } from './observer/index.ts';
import { judgedAgain } from './observer/judged-again.ts';
import { reviewTasks } from './review-tasks.ts';
import { Retention } from './retention.ts';
import { Runner } from './runner.ts';
import { Sealing } from './sealing.ts';
import type { TaskHandler } from './task-handler.ts';
import { INBOX_TASK, NOTIFY_TASK, REVIEW_TASK } from './tasks.ts';
import { timerTasks } from './timer-tasks.ts';
import type { World } from './world.ts';

/** What is under way gets this long to end when the server stops. */
const STOP_GRACE = seconds(5);

/**
 * The running control plane: what comes in is persisted and decided on, what is decided is done, what is there is
 * looked at. It keeps nothing that the store does not have, so that it may end at any moment.
 */
export class Engine implements ControlPlane {
  readonly store: ControlPlane['store'];
  readonly #world: World;
  readonly #lanes: Lanes;
  readonly #runner: Runner;
  readonly #observer: Observer;
  readonly #feed: Feed;
  readonly #seal: AuditSeal;
  readonly #sealing: Sealing;
  readonly #retention: Retention;
  #unsubscribe = () => {};

  private constructor(world: World, seal: AuditSeal) {
    this.store = world.store;
    this.#world = world;
    this.#seal = seal;
    this.#sealing = new Sealing(world, seal);
    this.#retention = new Retention(world);
    this.#feed = new Feed(world.store);
    this.#lanes = new Lanes(world.store, world.applications, (append) => this.#appended(append));
    const handler = handlersOf(world, this.#lanes, {
      recorded: () => this.#recorded(),
      looked: () => this.#observer.looked,
      seen: (lane) => ({
        lastReady: (revision) => this.#observer.lastReady(lane, revision),
        presentTraffic: () => this.#observer.presentTraffic(lane),
      }),
    });
    const { store, system, log } = world;
    this.#runner = new Runner({ store, system, log, handler });
    this.#observer = new Observer(world, this.#lanes);
  }

  /** @param auditKey where the key that signs the audit log is kept */
  static async create(world: World, auditKey: AuditKeyFile): Promise<Engine> {
    return new Engine(world, await AuditSeal.open(world.store, auditKey));
  }

  /** Takes up what was under way: tasks are claimed anew, judges rebuilt, instances and routes compared with the record. */
  async start(): Promise<void> {
    await this.#lanes.load();
    await this.record('server.started');
    this.#unsubscribe = this.#world.store.onNews((what) => this.#heard(what));
    this.#runner.start();
    this.#observer.start();
    this.#sealing.start();
    this.#retention.start();
  }

  /** Ends in order; what does not end in time is done again after the next start. The store is not closed. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#retention.stop();
    await this.#observer.stop();
    await this.#runner.stop(STOP_GRACE);
    await this.record('server.stopped');
    await this.#sealing.stop();
  }

  async ingest(trigger: string, request: RawRequest) {
    const result = await ingest(this.#world, trigger, request);
    this.#recorded();
    this.#runner.cameIn();
    return result;
  }

  async command(command: PersonalCommand, lane: LaneId, actor: string): Promise<CommandResult> {
    return this.#ask(lane, command, actor);
  }

  async rollback(request: RollbackRequest): Promise<CommandResult> {
    const { store, system } = this.#world;
    const before = await answerTo(store, request.lane, request.event);
    if (before !== undefined) return { ok: true, deployment: before };
    const back = await wayBack(store, system, await this.#lanes.lane(request.lane), request);
    if (!back.ok) return { ok: false, code: 'not_found', reason: back.reason };
    return this.#ask(request.lane, back.command, request.actor);
  }

  lane(id: LaneId) {
    return this.#lanes.lane(id);
  }

  async live(id: DeploymentId) {
    return this.#observer.live(id) ?? (await this.#seenElsewhere(id));
  }

  presentTraffic(lane: LaneId) {
    return this.#observer.presentTraffic(lane);
  }

  subscribe(after: number, signal: AbortSignal) {
    return this.#feed.follow(after, signal);
  }

  explain(event: string) {
    return explain(this.#world.store, event);
  }

  exportAudit() {
    return this.#seal.export();
  }

  health() {
    return healthReport(this.#world, this.#runner, this.#observer, this.#retention);
  }

  /** Another replica may look at it. */
  async #seenElsewhere(id: DeploymentId) {
    const { store, system } = this.#world;
    const deployment = await store.deployment(id);
    if (deployment === undefined || isTerminal(deployment.status.state)) return undefined;
    return judgedAgain(deployment, await store.series(id), system.now());
  }

  /** Records what the server itself has done, with tasks that follow from it. */
  async record(
    type: SystemEvent['type'],
    details: JsonObject = {},
    tasks: readonly NewTask[] = [],
  ): Promise<void> {
    const { store, system } = this.#world;
    await store.record([{ type, at: system.now(), actor: 'spillway', details }], tasks, null);
    if (tasks.length > 0) this.#runner.wake();
    this.#recorded();
  }

  async #ask(lane: LaneId, command: Command, actor: string): Promise<CommandResult> {
    const input: Input = { at: this.#world.system.now(), actor, ...command };
    const { lane: after, refused } = await this.#lanes.submit(lane, input);
    if (refused !== null) return { ok: false, ...refused };
    const deployment = 'deployment' in command ? findDeployment(after, command.deployment) : undefined;
    if (command.type === 'request' && deployment?.status.state === 'rejected')
      return { ok: false, code: 'conflict', reason: deployment.status.reason };
    return { ok: true, deployment: deployment ?? null };
  }

  #appended({ cancel, tasks }: LaneAppend): void {
    this.#runner.cancel(cancel, new Set(tasks.map(({ key }) => key)));
    this.#runner.wake();
    this.#recorded();
  }

  /** Another replica has left something for this one. */
  #heard(what: News): void {
    if (what === 'tasks') return this.#runner.wake();
    this.#recorded();
    this.#lanes.refresh().catch((error: unknown) => {
      this.#world.log.warn({ err: error }, 'what another replica recorded could not be read');
    });
  }

  /** Events outside lanes do not pass through `Lanes`: their followers are told here. */
  #recorded(): void {
    this.#feed.published();
    this.#sealing.recorded();
  }
}

function handlersOf(
  world: World,
  lanes: Lanes,
  engine: {
    readonly recorded: () => void;
    readonly looked: () => Promise<void>;
    readonly seen: (lane: LaneId) => Pick<Scope, 'lastReady' | 'presentTraffic'>;
  },
): (kind: string) => TaskHandler | undefined {
  const effects = effectTasks(world, lanes, engine.seen);
  const others = new Map<string, TaskHandler>([
    ['timer', timerTasks(world.system, lanes, engine.looked)],
    [INBOX_TASK, inboxTasks(world, lanes, engine.recorded)],
    [NOTIFY_TASK, notifyTasks(world)],
    [REVIEW_TASK, reviewTasks(world, engine.recorded)],
  ]);
  return (kind) => (isWork(kind) ? effects : others.get(kind));
}
