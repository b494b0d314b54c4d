import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Client, Dispatcher } from 'undici';
import { newVisitorId, PLACES, placeOf, visitorHash, visitorIdIn } from './draw.ts';
import { failureOf, type Failure } from './failure.ts';
import { requestHeaders, responseHeaders, visitorAddress } from './headers.ts';
import type { Limits } from './limits.ts';
import {
  armAt,
  countAnswer,
  countError,
  NOT_STICKY,
  pickSeat,
  type Arm,
  type Row,
  type Seat,
  type Table,
  type Visitor,
} from './table.ts';
import { tunnel } from './tunnel.ts';

/** What a request needs to know of its route. */
export interface ExchangeRoute {
  /** The routing in force: replaced by a `set`, while requests end where they began. */
  readonly table: Table;
  readonly limits: Limits;
  /** True once the listener is leaving: answers then close their connection. */
  readonly closing: boolean;
  countDropped(): void;
}

const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
/** An answer this short is joined to its head, so that one write carries both. */
const JOINED_BYTES = 4096;
/** A reason phrase that can be passed on; any other is replaced by the status's usual one. */
const PLAIN_REASON = /^[\x20-\x7e]+$/;
const EVENT_STREAM = 'text/event-stream';

/** A request as its listener hands it over. */
export interface Incoming {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The unfinished exchanges of the client's connection, told when it closes; more than one when it pipelines. */
  readonly siblings: Set<Exchange>;
  /** The protocol asked for; undefined for an ordinary request. */
  readonly upgrade: string | undefined;
}

/** One request and its answer: drawn to an arm, sent to one of its instances, retried where that is safe, counted. */
export class Exchange implements Dispatcher.DispatchHandler, Visitor {
  readonly #route: ExchangeRoute;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  /** The unfinished exchanges of the client's connection. */
  readonly #siblings: Set<Exchange>;
  #table: Table;
  readonly #arrived = performance.now();
  #arm: Arm;
  /** The options of every attempt. */
  readonly #options: Dispatcher.DispatchOptions;
  visitor = NOT_STICKY;
  /** The place of a request that is drawn by itself. */
  #drawn: number | undefined;
  /** The id to set as a cookie; undefined when the client has one or needs none. */
  #freshId: string | undefined;
  #seat: Seat | undefined;
  #client: Client | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #attempts = 0;
  /** The request was written to a connection. */
  #sent = false;
  /** The instance has begun to answer. */
  #begun = false;
  /** The answer's head has gone to the client's side. */
  #answered = false;
  #flushed = false;
  /** The instance has given its whole answer. */
  #complete = false;
  /** The first part of the body, kept back until it is known whether it is also the last. */
  #held: Buffer | undefined;
  /** The client has its answer, or has gone. */
  #over = false;

  constructor(route: ExchangeRoute, { req, res, siblings, upgrade }: Incoming) {
    this.#route = route;
    this.#req = req;
    this.#res = res;
    this.#siblings = siblings;
    siblings.add(this);
    this.#table = route.table;
    this.#arm = armAt(route.table, this.#drawPlace());
    const url = req.url ?? '/';
    const absolute =
      url.startsWith('/') || url === '*' ? undefined : /^https?:\/\/([^/?#]*)([^]*)$/i.exec(url);
    const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
    const hasBody =
      upgrade === undefined && (coding !== undefined || (length !== undefined && length !== '0'));
    const path = absolute?.[2] ?? url;
    this.#options = {
      path: path.startsWith('?') || path === '' ? `/${path}` : path,
      method: req.method ?? 'GET',
      headers: requestHeaders(req, absolute?.[1]),
      body: hasBody ? req : null,
      upgrade: upgrade ?? null,
    };
  }

  get known(): boolean {
    return this.#freshId === undefined;
  }

  #drawPlace(): number {
    const { cookie, routing } = this.#table;
    if (cookie === undefined) return (this.#drawn ??= Math.floor(Math.random() * PLACES));
    const id = visitorIdIn(this.#req.headers.cookie, cookie) ?? (this.#freshId ??= newVisitorId());
    this.visitor = visitorHash(routing.rollout, id);
    return placeOf(this.visitor);
  }

  /** Sends the request to the best instance of its arm. */
  attempt(): void {
    if (this.#over) return;
    if (this.#route.table !== this.#table) this.#follow();
    const now = this.#attempts === 0 ? this.#arrived : performance.now();
    const seat = pickSeat(this.#arm, this.#seat, now, this.#route.limits.avoid);
    if (seat === undefined) return this.#refuse(503, 'No instance is there to answer this request.');
    this.#seat = seat;
    this.#attempts++;
    this.#sent = false;
    this.#client = seat.backend.enter();
    this.#client.dispatch(this.#options, this);
  }

  /** The routing has changed since the attempt before: the instances of the former one may be about to end. */
  #follow(): void {
    this.#table = this.#route.table;
    this.#arm = armAt(this.#table, this.#drawPlace());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
    if (this.#over) controller.abort(new Error('the client has gone'));
  }

  onResponseStarted(): void {
    this.#begun = true;
  }

  onResponseStart(_: unknown, status: number, headers: IncomingHttpHeaders, reason?: string): void {
    if (this.#over) return;
    if (status < 200) return this.#inform(status, headers);
    const res = this.#res;
    // A client that is still sending could not be told where its next request begins.
    if (this.#route.closing || !this.#req.complete) res.shouldKeepAlive = false;
    const mayTrail =
      headers['content-length'] === undefined && this.#req.method !== 'HEAD' && this.#isHttp11();
    const out = responseHeaders(headers, mayTrail && status !== 204 && status !== 304);
    this.#setCookie(out);
    if (reason !== undefined && PLAIN_REASON.test(reason)) res.writeHead(status, reason, out as string[]);
    else res.writeHead(status, out as string[]);
    this.#answered = true;
    this.#count(status);
    if (headers['content-type']?.startsWith(EVENT_STREAM) === true) this.#seat?.backend.lasting.add(this);
    flushSoon(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (!this.#flushed && this.#held === undefined) {
      this.#held = chunk;
      return;
    }
    this.#release();
    if (!this.#res.write(chunk)) this.#wait(controller);
  }

  onResponseEnd(_: unknown, trailers: IncomingHttpHeaders): void {
    this.#leave();
    if (this.#over) return;
    if (this.#res.chunkedEncoding) this.#res.addTrailers(trailers as Record<string, string>);
    this.#complete = true;
    if (this.#flushed) this.#finish();
  }

  onResponseError(_: unknown, error: Error): void {
    const seat = this.#seat;
    this.#leave();
    if (this.#over || seat === undefined) return;
    const failure = failureOf(error, this.#sent, this.#begun);
    if (failure.by === 'client') return this.#answer(400, 'The request cannot be passed on.');
    if (this.#answered) {
      this.#countError(seat.row);
      this.#end();
      this.#res.destroy();
      return;
    }
    if (!this.#sent) seat.backend.failedAt = performance.now();
    seat.row.requests++;
    this.#countError(seat.row);
    if (this.#mayRetry(failure)) setImmediate(retry, this);
    else this.#refuse(failure.status, failure.message);
  }

  /** The answer to an upgrade: the two connections are joined until either ends. */
  onRequestUpgrade(_: unknown, status: number, headers: IncomingHttpHeaders, upstream: Duplex): void {
    const { socket } = this.#req;
    const backend = this.#seat?.backend;
    if (this.#over || socket.destroyed || backend === undefined) {
      upstream.destroy();
      return this.#leave();
    }
    this.#count(status);
    this.#end();
    if (this.#client !== undefined) backend.giveBack(this.#client);
    this.#client = undefined;
    this.#res.detachSocket(socket);
    const out = responseHeaders(headers, false);
    this.#setCookie(out);
    out.push('connection', 'Upgrade', 'upgrade', headers.upgrade ?? 'websocket');
    tunnel({ status, headers: out }, socket, upstream, backend);
  }

  /** The client closed its connection: nothing more is asked of the instance. */
  clientGone(): void {
    if (this.#over) return;
    this.#end();
    // Answers that clients do not wait for would make a hanging instance look idle: count how long they did wait.
    if (!this.#answered && this.#sent) this.#count(0);
    this.#controller?.abort(new Error('the client has gone'));
  }

  /** Ends an event stream whose instance must leave; its client connects again. */
  leave(): void {
    if (this.#over) return;
    this.#end();
    this.#release();
    this.#res.end();
    this.#controller?.abort(new Error('the instance is leaving'));
  }

  /** Sends the answer, or what is there of it when the rest was not in the same packet. */
  flush(): void {
    if (this.#over) return;
    if (this.#complete) return this.#finish();
    this.#flushed = true;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) this.#res.flushHeaders();
    else if (!this.#res.write(held) && this.#controller !== undefined) this.#wait(this.#controller);
  }

  #finish(): void {
    this.#end();
    const held = this.#held;
    if (held === undefined) this.#res.end();
    else if (held.length <= JOINED_BYTES) this.#res.end(held.toString('latin1'), 'latin1');
    else this.#res.end(held);
  }

  #end(): void {
    this.#over = true;
    this.#siblings.delete(this);
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    this.#flushed = true;
    if (held !== undefined) this.#res.write(held);
  }

  #wait(controller: Dispatcher.DispatchController): void {
    controller.pause();
    this.#res.once('drain', () => this.#controller?.resume());
  }

  #isHttp11(): boolean {
    return this.#req.httpVersionMajor === 1 && this.#req.httpVersionMinor === 1;
  }

  #inform(status: number, headers: IncomingHttpHeaders): void {
    const link = headers['link'];
    if (status === 103 && link !== undefined && this.#isHttp11()) this.#res.writeEarlyHints({ link });
  }

  #setCookie(out: (string | string[])[]): void {
    if (this.#freshId !== undefined) {
      out.push('set-cookie', `${this.#table.cookie}=${this.#freshId}; Path=/; HttpOnly; SameSite=Lax`);
    }
  }

  #count(status: number): void {
    if (this.#seat === undefined) return;
    const { row } = this.#seat;
    countAnswer(row, this.#table.visitors, this, performance.now() - this.#arrived);
    if (status >= 500) this.#countError(row);
  }

  #countError(row: Row): void {
    const { routing, visitors } = this.#table;
    countError(row, visitors, this, () => visitorHash(routing.rollout, visitorAddress(this.#req)));
  }

  #mayRetry(failure: Failure): boolean {
    if (this.#attempts >= this.#route.limits.attempts || !failure.unanswered) return false;
    return IDEMPOTENT.has(this.#options.method) && (!this.#sent || this.#options.body === null);
  }

  /** Gives the connection to the instance back. */
  #leave(): void {
    const backend = this.#seat?.backend;
    if (this.#client === undefined || backend === undefined) return;
    if (backend.lasting.size > 0) backend.lasting.delete(this);
    backend.leave(this.#client);
    this.#client = undefined;
    this.#controller = undefined;
  }

  /** Answers in the instance's stead. */
  #refuse(status: number, message: string): void {
    this.#route.countDropped();
    this.#answer(status, message);
  }

  #answer(status: number, message: string): void {
    this.#end();
    const res = this.#res;
    if (!this.#req.complete || this.#route.closing) res.shouldKeepAlive = false;
    const body = `${message}\n`;
    res.writeHead(status, [
      'content-type',
      'text/plain; charset=utf-8',
      'content-length',
      String(body.length),
    ]);
    res.end(body);
  }
}

const retry = (exchange: Exchange) => exchange.attempt();

/**
 * Exchanges whose heads came in this turn of the event loop. Their answers are written one right after the other at its end: who
 * reads them on the same machine is then awake for all but the first, and waking it was a quarter of what a request cost.
 */
let unflushed: Exchange[] = [];

function flushSoon(exchange: Exchange): void {
  if (unflushed.push(exchange) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const batch = unflushed;
  unflushed = [];
  for (const exchange of batch) exchange.flush();
}
