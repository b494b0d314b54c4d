import { Client } from 'undici';
import type { Limits } from './limits.ts';
import type { Endpoint } from './routing.ts';

/** An upgraded connection or an event stream: it has no end of its own and is closed when its instance must leave. */
export interface Lasting {
  leave(): void;
}

/** Clients beyond this many that wait without work are let go. */
const SPARE_CLIENTS = 1024;

/**
 * The connections to one endpoint, each an undici client with one request at a time. The one used last is taken first, so
 * that the others can grow idle and close. It replaces undici's Pool, whose queue and linear search this does not need.
 */
export class Backend {
  readonly endpoint: Endpoint;
  /** Requests and upgraded connections under way. */
  inFlight = 0;
  /** Monotonic time of the last connection that failed. */
  failedAt = -Infinity;
  readonly lasting = new Set<Lasting>();
  readonly #origin: string;
  readonly #options: Client.Options;
  readonly #spare: Client[] = [];
  #retired = false;

  constructor(endpoint: Endpoint, limits: Limits) {
    this.endpoint = endpoint;
    const { host, port } = endpoint;
    this.#origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#options = {
      allowH2: false,
      pipelining: 1,
      connectTimeout: limits.connect,
      headersTimeout: limits.answer,
      bodyTimeout: limits.answerPause,
      keepAliveTimeout: limits.instanceIdle,
    };
  }

  /** Takes a connection for one request; `leave` must follow. */
  enter(): Client {
    this.inFlight++;
    return this.#spare.pop() ?? new Client(this.#origin, this.#options);
  }

  /** The request is over: its connection may serve the next one. */
  leave(client: Client): void {
    this.inFlight--;
    this.giveBack(client);
  }

  giveBack(client: Client): void {
    if (this.#retired || this.#spare.length >= SPARE_CLIENTS) void client.close();
    else this.#spare.push(client);
  }

  /** Closes idle connections now and the others with their requests. Only `revive` lets it keep connections again. */
  retire(): void {
    this.#retired = true;
    for (const client of this.#spare.splice(0)) void client.close();
  }

  revive(): void {
    this.#retired = false;
  }
}
