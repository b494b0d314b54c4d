import { routeOf, type LaneId } from '../../../src/core/ids.ts';
import { labelOf } from '../../../src/core/release.ts';
import { seconds } from '../../../src/core/time.ts';
import { SpillwayError, messageOf } from '../../../src/core/errors.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import type { StartRequest, Target } from '../../../src/ports/target.ts';
import type { Routing } from '../../../src/ports/traffic.ts';
import { createDummyTarget } from '../../../src/targets/dummy/index.ts';
import { createDummyTraffic } from '../../../src/traffic/dummy/index.ts';
import type { FromReplica, ToReplica } from './messages.ts';
import { SICK } from './releases.ts';

type Call = Extract<FromReplica, { readonly kind: 'call' }>;

/** So often so many users of each application come by: enough for the judge to make up its mind within seconds. */
const VISIT_EVERY_MS = 50;
const VISITORS = 10;
/** Of latency: about 20 ms. */
const BUCKET = 253;

/** A change of what carries the traffic that was asked for. */
export interface Set {
  readonly at: number;
  readonly by: number;
  readonly route: string;
  readonly fence: number;
  /** The largest fence that the route had seen before. */
  readonly newest: number;
  readonly accepted: boolean;
}

/** Where all replicas act: it outlives each of them, and takes down who did what under which fence. */
export class SharedWorld {
  readonly sets: Set[] = [];
  /** Instances launched, by lane, deployment and role, beside how many were asked for. */
  readonly launches = new Map<string, { asked: number; launched: number }>();
  /** By route: who took the counts last, and when; only the judge's looks take them. */
  readonly looks = new Map<string, { by: number; at: number }>();
  readonly #newest = new Map<string, number>();
  readonly #target: Target;
  readonly #traffic = createDummyTraffic({ system: hostSystem });
  readonly #users: NodeJS.Timeout;
  onLook: (route: string, by: number) => void = () => {};

  constructor() {
    this.#target = createDummyTarget({
      system: hostSystem,
      script: (_launch, request) => {
        this.#launched(request);
        return labelOf(request.revision).startsWith(SICK) ? { unhealthyAfter: seconds(2.5) } : {};
      },
    });
    this.#users = setInterval(() => {
      for (const route of this.#newest.keys()) this.#visit(route);
    }, VISIT_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#users);
  }

  /** Does what a replica asks for. @param by its process */
  async answer(call: Call, by: number): Promise<Extract<ToReplica, { readonly kind: 'returned' }>> {
    const { id, port, method, args } = call;
    try {
      const value = await (port === 'target'
        ? this.#onTarget(method, args)
        : this.#onTraffic(method, args, by));
      return { kind: 'returned', id, value, error: null };
    } catch (error) {
      const code = error instanceof SpillwayError ? error.code : 'unavailable';
      return { kind: 'returned', id, value: null, error: { code, message: messageOf(error) } };
    }
  }

  /** Instances beyond those that were asked for. */
  doubled(): number {
    const beyond = [...this.launches.values()].map(({ asked, launched }) => Math.max(0, launched - asked));
    return beyond.reduce((sum, one) => sum + one, 0);
  }

  async #onTarget(method: string, args: readonly unknown[]): Promise<unknown> {
    if (method === 'start') this.#asked(args[0] as StartRequest);
    return callOf(this.#target, method)(...args);
  }

  async #onTraffic(method: string, args: readonly unknown[], by: number): Promise<unknown> {
    if (method === 'set') return this.#set(args[0] as Routing, Number(args[1]), by);
    if (method === 'counts') {
      const route = String(args[0]);
      this.looks.set(route, { by, at: Date.now() });
      this.onLook(route, by);
    }
    return callOf(this.#traffic, method)(...args);
  }

  async #set(routing: Routing, fence: number, by: number): Promise<void> {
    const { route } = routing;
    const newest = this.#newest.get(route) ?? 0;
    const asked = { at: Date.now(), by, route, fence, newest };
    try {
      await this.#traffic.set(routing, fence);
      this.sets.push({ ...asked, accepted: true });
      this.#newest.set(route, Math.max(newest, fence));
    } catch (error) {
      this.sets.push({ ...asked, accepted: false });
      throw error;
    }
  }

  #asked({ lane, deployment, revision, role, count }: StartRequest): void {
    const key = keyOf(lane, deployment, revision.digest, role);
    const known = this.launches.get(key) ?? { asked: 0, launched: 0 };
    this.launches.set(key, { ...known, asked: Math.max(known.asked, count) });
  }

  #launched({ lane, deployment, revision, role }: StartRequest): void {
    const known = this.launches.get(keyOf(lane, deployment, revision.digest, role));
    if (known !== undefined) known.launched += 1;
  }

  #visit(route: string): void {
    try {
      for (let i = 0; i < VISITORS; i++) this.#traffic.request(route).end(false, BUCKET);
    } catch {
      // Nothing carries it yet.
    }
  }
}

const keyOf = (lane: LaneId, ...rest: readonly unknown[]) => `${routeOf(lane)} ${rest.join(' ')}`;

function callOf(port: object, method: string): (...args: readonly unknown[]) => Promise<unknown> {
  return (
    (port as Record<string, (...args: readonly unknown[]) => Promise<unknown>>)[method]?.bind(port) ?? never
  );
}

const never = async () => {
  throw new SpillwayError('not_found', 'there is no such method');
};
