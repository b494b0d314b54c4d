import type { Deployment } from '../../src/core/deployment.ts';
import { deploymentId, routeOf, type LaneId } from '../../src/core/ids.ts';
import type { IngestResult, PersonalCommand } from '../../src/engine/control-plane.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { RawRequest } from '../../src/ports/trigger.ts';
import type { Host } from './process.ts';
import type { Deed, Verb } from './story/story.ts';
import type { Surroundings } from './wire.ts';
import type { Push } from './world/trigger.ts';

/** What a person or a Git host was told is so. */
export type Acknowledged =
  | { readonly kind: 'event'; readonly trigger: string; readonly id: string }
  | { readonly kind: 'command'; readonly actor: string; readonly verb: string };

type Asking = Extract<Deed, { readonly do: 'push' | 'ask' }>;

/** Nobody waits longer for an answer. */
const PATIENCE = 10_000;

/** People and Git hosts outside: they ask, wait, and ask again where nobody has answered. */
export class Users {
  readonly #engine: () => Engine | undefined;
  readonly #host: Host;
  readonly #around: Surroundings;
  readonly #onAcknowledged: (what: Acknowledged) => void;
  #waiting = 0;

  constructor(
    engine: () => Engine | undefined,
    host: Host,
    around: Surroundings,
    onAcknowledged: (what: Acknowledged) => void,
  ) {
    this.#engine = engine;
    this.#host = host;
    this.#around = around;
    this.#onAcknowledged = onAcknowledged;
  }

  /** How many have asked for something and were not answered yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Sends an event until somebody has taken it; sometimes once more. */
  async send(asking: Asking): Promise<void> {
    const trigger = asking.do === 'push' ? 'hook' : 'manual';
    this.#waiting += 1;
    await this.#until(`${asking.do} ${asking.release.version} (${asking.id})`, async (engine) => {
      const result = await engine.ingest(trigger, requestOf(asking, this.#host));
      this.#acknowledge(trigger, asking.id, result);
    });
    this.#waiting -= 1;
    const { schedule, random, faults } = this.#around;
    if (faults.strikes('webhook twice')) schedule.after(random.below(30_000), () => void this.send(asking));
  }

  /** A person asks for something once, of whatever is under way then. */
  async command(lane: LaneId, verb: Verb, actor: string): Promise<void> {
    const engine = this.#engine();
    if (engine === undefined) return;
    const asked = async () => {
      const { deployments } = await engine.lane(lane);
      const command = commandOf(verb, this.#around.random.any(deployments));
      if (command === undefined) return;
      const result = await engine.command(command, lane, actor);
      this.#told(actor, `${verb} ${'deployment' in command ? command.deployment : routeOf(lane)}`, result);
      if (result.ok) this.#onAcknowledged({ kind: 'command', actor, verb });
    };
    await asked().catch((error: unknown) => this.#told(actor, verb, error));
  }

  /** Likewise. */
  async goBack(lane: LaneId, emergency: boolean, actor: string): Promise<void> {
    const engine = this.#engine();
    if (engine === undefined) return;
    const request = {
      lane,
      to: null,
      emergency,
      reason: 'it was better before',
      actor,
      event: `back-${actor}`,
    };
    const asked = engine.rollback(request).then((result) => {
      this.#told(actor, 'go back', result);
      if (result.ok) this.#onAcknowledged({ kind: 'command', actor, verb: 'go back' });
    });
    await asked.catch((error: unknown) => this.#told(actor, 'go back', error));
  }

  async #until(what: string, ask: (engine: Engine) => Promise<void>): Promise<void> {
    const { schedule, random, trace } = this.#around;
    for (;;) {
      const engine = this.#engine();
      const answered =
        engine !== undefined &&
        (await Promise.race([
          ask(engine).then(
            () => true,
            (error: unknown) => {
              trace.add('user', `${what}: ${String(error)}`);
              return false;
            },
          ),
          schedule.sleep(PATIENCE).then(() => false),
        ]));
      if (answered) return;
      await schedule.sleep(random.between(500, 8000));
    }
  }

  #acknowledge(trigger: string, id: string, result: IngestResult): void {
    this.#told('user', id, result);
    if (result.status === 'accepted' || result.status === 'duplicate')
      this.#onAcknowledged({ kind: 'event', trigger, id });
  }

  #told(who: string, what: string, answer: unknown): void {
    const text = answer instanceof Error ? answer.message : summary(answer);
    this.#around.trace.add('user', `${who}: ${what}: ${text}`);
  }
}

function summary(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return String(answer);
  if ('reason' in answer) return String(answer.reason);
  return 'status' in answer ? String(answer.status) : 'yes';
}

function commandOf(verb: Verb, deployment: Deployment | undefined): PersonalCommand | undefined {
  if (verb === 'unlock') return { type: 'unlock', reason: 'mended' };
  if (deployment === undefined) return undefined;
  const id = deploymentId(deployment.id);
  if (verb === 'promote') return { type: verb, deployment: id, full: false };
  if (verb === 'resume') return { type: verb, deployment: id };
  return { type: verb, deployment: id, reason: 'because' };
}

function requestOf({ do: how, lane, release, id }: Asking, host: Host): RawRequest {
  const { application, environment } = lane;
  const push: Push = { application, environment, commit: release.commit, actor: 'ada' };
  const asked = { application, environment, ref: release.commit, actor: 'ada' };
  return {
    headers: { 'content-type': 'application/json', 'idempotency-key': id, delivery: id },
    body: Buffer.from(JSON.stringify(how === 'push' ? { ...push, id } : asked)),
    receivedAt: host.wall(),
    ipAddress: '192.0.2.1',
  };
}
