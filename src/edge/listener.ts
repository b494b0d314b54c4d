import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import type { Limits } from './limits.ts';
import type { Listen } from './routing.ts';

export interface Handlers {
  /** @param siblings the unfinished exchanges of the connection: a new one joins them, and each is told when it closes */
  request(req: IncomingMessage, res: ServerResponse, siblings: Set<Exchange>): void;
  upgrade(req: IncomingMessage, head: Buffer, siblings: Set<Exchange>): void;
}

const BACKLOG = 4096;
const CHECK_EVERY_MS = 2000;
const LEAVE_LOOK_MS = 20;
/** Idle connections are closed this long after the listener began to leave: a request that was on its way is answered. */
const IDLE_GRACE_MS = 1000;

/** A listen address. Its parser is Node's strict one, which refuses whatever two parsers could read differently. */
export class Listener {
  closing = false;
  readonly #server: Server;
  readonly #limits: Limits;
  readonly #connections = new Map<Socket, Set<Exchange>>();

  constructor(limits: Limits, handlers: Handlers) {
    this.#limits = limits;
    this.#server = createServer(
      {
        maxHeaderSize: limits.headBytes,
        headersTimeout: limits.requestHead,
        requestTimeout: limits.request,
        keepAliveTimeout: limits.clientIdle,
        connectionsCheckingInterval: CHECK_EVERY_MS,
        insecureHTTPParser: false,
        // Most requests have no body: their streams need not live and end, which is a tenth of a request's cost. Since Node 24.12.
        optimizeEmptyRequests: true,
        shouldUpgradeCallback: isWebSocket,
      },
      (req, res) => {
        const refusal = unreadable(req);
        if (refusal === undefined) handlers.request(req, res, this.#exchangesOn(req.socket));
        else res.writeHead(refusal, { connection: 'close', 'content-length': 0 }).end();
      },
    );
    // The size limit bounds the fields; a limit on their number would drop the rest of them in silence.
    this.#server.maxHeadersCount = 0;
    this.#server.on('upgrade', (req, _, head) => handlers.upgrade(req, head, this.#exchangesOn(req.socket)));
    this.#server.on('connection', (socket) => {
      this.#connections.set(socket, new Set());
      socket.once('close', () => this.#closed(socket));
    });
  }

  /** The port that it listens on; 0 while it does not. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** @throws the system's error when the address cannot be had */
  open({ host, port }: Listen): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => undefined);
        resolve();
      });
    });
  }

  /**
   * Stops accepting at once and lets requests end. `Server.close` of node:http would also close idle connections, on which a
   * request may be under way already; the close of node:net does not.
   */
  async leave(): Promise<void> {
    this.closing = true;
    if (!this.#server.listening) return;
    NetServer.prototype.close.call(this.#server);
    const began = performance.now();
    while (this.#connections.size > 0 && performance.now() - began < this.#limits.leave) {
      if (performance.now() - began >= IDLE_GRACE_MS) this.#server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, LEAVE_LOOK_MS));
    }
    this.#server.closeAllConnections();
  }

  #exchangesOn(socket: Socket): Set<Exchange> {
    return this.#connections.get(socket) ?? new Set();
  }

  #closed(socket: Socket): void {
    const exchanges = this.#exchangesOn(socket);
    this.#connections.delete(socket);
    for (const exchange of exchanges) exchange.clientGone();
  }
}

/** Any other upgrade (h2c) is answered as the ordinary request that it also is; Node before 24.9 cannot decline it earlier. */
export const isWebSocket = (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket';

/** @returns the status for a request whose body coding could not be passed on as it is. */
function unreadable(req: IncomingMessage): number | undefined {
  const coding = req.headers['transfer-encoding'];
  return coding === undefined || coding.toLowerCase() === 'chunked' ? undefined : 501;
}
