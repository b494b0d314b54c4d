import { Pool } from 'undici';

/** New visitors, and looping clients beside them that make half of the errors. */
const VISITORS_PER_SECOND = 60;
export const LOOPING_CLIENTS = 20;
const LOOPS_PER_SECOND = 0.3;
const TICK_MS = 20;
const CONNECTIONS = 32;
const PATIENCE_MS = 10_000;

/** Users of a service: an open loop, so that a slow answer does not make the next one wait. */
export class Users {
  requests = 0;
  failed = 0;
  /** Requests that got no answer at all. */
  dropped = 0;
  readonly #pool: Pool;
  readonly #cookies: Array<string | undefined> = Array.from({ length: LOOPING_CLIENTS });
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  readonly #open = new Set<Promise<void>>();
  #visits = 0;
  #loops = 0;

  constructor(url: string) {
    this.#pool = new Pool(url, {
      connections: CONNECTIONS,
      headersTimeout: PATIENCE_MS,
      bodyTimeout: PATIENCE_MS,
    });
    this.#timer = setInterval(() => this.#send(), TICK_MS);
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    await this.#pool.close();
  }

  #send(): void {
    const seconds = (performance.now() - this.#began) / 1000;
    for (; this.#visits < seconds * VISITORS_PER_SECOND; this.#visits++) this.#start(this.#visit());
    for (; this.#loops < seconds * LOOPS_PER_SECOND; this.#loops++)
      this.#start(this.#loop(this.#loops % LOOPING_CLIENTS));
  }

  #start(request: Promise<unknown>): void {
    const done: Promise<void> = request
      .then(
        () => {},
        () => void this.dropped++,
      )
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
  }

  #visit(): Promise<string | undefined> {
    return this.#ask({});
  }

  /** It keeps the cookie that it was given, and so its version. */
  async #loop(client: number): Promise<void> {
    const cookie = this.#cookies[client];
    const given = await this.#ask({ 'x-looping': '1', ...(cookie === undefined ? {} : { cookie }) });
    if (given !== undefined) this.#cookies[client] = given;
  }

  async #ask(headers: Readonly<Record<string, string>>): Promise<string | undefined> {
    const {
      statusCode,
      headers: answer,
      body,
    } = await this.#pool.request({ method: 'GET', path: '/', headers });
    await body.text();
    this.requests++;
    if (statusCode >= 500) this.failed++;
    const [cookie] = [answer['set-cookie'] ?? []].flat();
    return cookie?.split(';')[0];
  }
}
