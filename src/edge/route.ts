import { ServerResponse, type IncomingMessage } from 'node:http';
import { Backend } from './backend.ts';
import { Exchange, type ExchangeRoute } from './exchange.ts';
import type { Limits } from './limits.ts';
import { isWebSocket, Listener } from './listener.ts';
import type { Endpoint, Listen, RoutedArm, Routing } from './routing.ts';
import { compile, newRow, type Row, type Seat, type Table } from './table.ts';
import { Visitors } from './visitors.ts';

/** An instance that left the routing keeps its counts for this long. */
const COUNTS_KEPT_MS = 600_000;
/** How often a drain looks. */
const DRAIN_LOOK_MS = 20;
/** Connections without an end of their own are closed this long before a drain's limit at the latest, or at four fifths of a short one. */
const CLOSE_BEFORE_LIMIT_MS = 2000;

const backendKey = ({ instance, host, port }: Endpoint) => `${instance} ${host} ${port}`;

/** One route: its routing in force, its connections to instances, its counts and its listener. */
export class Route implements ExchangeRoute {
  readonly limits: Limits;
  table: Table;
  fence: number;
  dropped = 0;
  listener: Listener;
  readonly #backends = new Map<string, Backend>();
  readonly #rows = new Map<string, Row>();

  constructor(routing: Routing, fence: number, limits: Limits) {
    this.limits = limits;
    this.fence = fence;
    this.table = compile(routing, (arm) => this.#seatsOf(arm), new Visitors());
    this.listener = this.#newListener();
  }

  get closing(): boolean {
    return this.listener.closing;
  }

  countDropped(): void {
    this.dropped++;
  }

  /** Puts a checked routing in force. New requests follow it at once; those under way end where they began. */
  apply(routing: Routing, fence: number): void {
    const sameRollout = routing.rollout === this.table.routing.rollout;
    const visitors = sameRollout ? this.table.visitors : new Visitors();
    this.fence = fence;
    this.table = compile(routing, (arm) => this.#seatsOf(arm), visitors);
    this.#retireUnrouted();
  }

  /**
   * Opens a listener on another address; the caller puts it in place of the old one once the routing is in force.
   * @throws the system's error when the address cannot be had
   */
  async listenOn(address: Listen): Promise<Listener> {
    const listener = this.#newListener();
    await listener.open(address);
    return listener;
  }

  /** Counts of every instance that is routed or has not been gone for long. */
  rows(): readonly Row[] {
    const now = performance.now();
    for (const [key, row] of this.#rows) {
      if (row.goneAt !== undefined && now - row.goneAt > COUNTS_KEPT_MS) this.#rows.delete(key);
    }
    return [...this.#rows.values()];
  }

  inFlight(instances: ReadonlySet<string>): number {
    let sum = 0;
    for (const backend of this.#backends.values()) {
      if (instances.has(backend.endpoint.instance)) sum += backend.inFlight;
    }
    return sum;
  }

  /**
   * Waits until the instances have nothing in flight.
   * @param limit milliseconds
   * @returns how much is still in flight when the limit is over
   */
  async drain(instances: ReadonlySet<string>, limit: number): Promise<number> {
    const began = performance.now();
    const closeAt = Math.min(this.limits.lasting, limit - Math.min(CLOSE_BEFORE_LIMIT_MS, limit / 5));
    for (;;) {
      const left = this.inFlight(instances);
      const spent = performance.now() - began;
      if (left === 0 || spent >= limit) break;
      if (spent >= closeAt) this.#closeLasting(instances);
      await new Promise((resolve) => setTimeout(resolve, Math.min(DRAIN_LOOK_MS, limit - spent)));
    }
    this.#retireUnrouted();
    return this.inFlight(instances);
  }

  #closeLasting(instances: ReadonlySet<string>): void {
    for (const backend of this.#backends.values()) {
      if (instances.has(backend.endpoint.instance)) for (const lasting of backend.lasting) lasting.leave();
    }
  }

  #newListener(): Listener {
    return new Listener(this.limits, {
      request: (req, res, siblings) =>
        new Exchange(this, { req, res, siblings, upgrade: undefined }).attempt(),
      upgrade: (req, head, siblings) => this.#upgrade(req, head, siblings),
    });
  }

  /** Gives an upgrade a response to be answered by, in case the instance does not agree to it. */
  #upgrade(req: IncomingMessage, head: Buffer, siblings: Set<Exchange>): void {
    const { socket } = req;
    socket.on('error', () => socket.destroy());
    if (head.length > 0) socket.unshift(head);
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.on('finish', () => socket.end());
    const upgrade = isWebSocket(req) ? req.headers.upgrade : undefined;
    new Exchange(this, { req, res, siblings, upgrade }).attempt();
  }

  #seatsOf(arm: RoutedArm): readonly Seat[] {
    return arm.endpoints.map((endpoint) => ({
      backend: this.#backendOf(endpoint),
      row: this.#rowOf(arm, endpoint),
    }));
  }

  #backendOf(endpoint: Endpoint): Backend {
    const key = backendKey(endpoint);
    const known = this.#backends.get(key);
    known?.revive();
    const backend = known ?? new Backend(endpoint, this.limits);
    this.#backends.set(key, backend);
    return backend;
  }

  #rowOf(arm: RoutedArm, endpoint: Endpoint): Row {
    const key = `${arm.arm} ${arm.revision} ${endpoint.instance}`;
    const row = this.#rows.get(key) ?? newRow(arm, endpoint.instance);
    row.goneAt = undefined;
    this.#rows.set(key, row);
    return row;
  }

  /** Closes the connections of endpoints that are no longer routed, and forgets those with nothing left in flight. */
  #retireUnrouted(): void {
    const { arms } = this.table.routing;
    const routed = new Set(arms.flatMap((arm) => arm.endpoints.map(backendKey)));
    for (const [key, backend] of this.#backends) {
      if (routed.has(key)) continue;
      backend.retire();
      if (backend.inFlight === 0) this.#backends.delete(key);
    }
    const rows = new Set(
      arms.flatMap((arm) => arm.endpoints.map((e) => `${arm.arm} ${arm.revision} ${e.instance}`)),
    );
    for (const [key, row] of this.#rows) if (!rows.has(key)) row.goneAt ??= performance.now();
  }
}
