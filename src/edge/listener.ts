import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Server as NetServer, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { EdgeResponse } from './exchange.ts';
import type { Limits } from './limits.ts';
import type { Listen } from './routing.ts';

export interface Handlers {
  request(req: IncomingMessage, res: EdgeResponse): void;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const BACKLOG = 4096;
const CHECK_EVERY_MS = 2000;
const LEAVE_LOOK_MS = 20;
/** Idle connections are closed this long after the listener began to leave: a request that was on its way is answered. */
const IDLE_GRACE_MS = 1000;

/** A listen address. Its parser is Node's strict one, which refuses whatever two parsers could read differently. */
export class Listener {
  closing = false;
  readonly #server: Server<typeof IncomingMessage, typeof EdgeResponse>;
  readonly #limits: Limits;
  #connections = 0;

  constructor(limits: Limits, handlers: Handlers) {
    this.#limits = limits;
    this.#server = createServer(
      {
        ServerResponse: EdgeResponse,
        maxHeaderSize: limits.headBytes,
        headersTimeout: limits.requestHead,
        requestTimeout: limits.request,
        keepAliveTimeout: limits.clientIdle,
        connectionsCheckingInterval: CHECK_EVERY_MS,
        insecureHTTPParser: false,
        shouldUpgradeCallback: isWebSocket,
      },
      (req, res) => {
        const refusal = unreadable(req);
        if (refusal === undefined) handlers.request(req, res);
        else res.writeHead(refusal, { connection: 'close', 'content-length': 0 }).end();
      },
    );
    // The size limit bounds the fields; a limit on their number would drop the rest of them in silence.
    this.#server.maxHeadersCount = 0;
    this.#server.on('upgrade', (req, socket, head) => handlers.upgrade(req, socket, head));
    this.#server.on('connection', (socket) => {
      this.#connections++;
      socket.once('close', () => this.#connections--);
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
    while (this.#connections > 0 && performance.now() - began < this.#limits.leave) {
      if (performance.now() - began >= IDLE_GRACE_MS) this.#server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, LEAVE_LOOK_MS));
    }
    this.#server.closeAllConnections();
  }
}

/** Any other upgrade (h2c) is answered as the ordinary request that it also is. */
const isWebSocket = (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket';

/** @returns the status for a request whose body coding could not be passed on as it is. */
function unreadable(req: IncomingMessage): number | undefined {
  const coding = req.headers['transfer-encoding'];
  return coding === undefined || coding.toLowerCase() === 'chunked' ? undefined : 501;
}
