import { Worker } from 'node:worker_threads';
import { SpillwayError } from '../../core/errors.ts';
import type { Call, Method } from './batch.ts';
import type { Operations } from './operations.ts';
import type { FromWorker, SentError, SentOutcome, ToWorker, WorkerData } from './worker.ts';

type Settle = (outcome: SentOutcome) => void;

interface Waiting {
  readonly call: Call;
  readonly settle: Settle;
}

/** The worker runs from the same kind of file as this one: .ts in a checkout, .js in a package. */
const WORKER = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * The main thread's end of the worker. Calls made while a batch is under way wait and go as the next one, so that the
 * number of commits falls as the load grows. Their order is kept.
 */
export class StoreClient {
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<unknown>();
  readonly #exited = Promise.withResolvers<void>();
  /** Those whom the worker's next message answers; at first whoever opens the store. */
  #underWay: readonly Settle[] = [settling(this.#opened)];
  #waiting: Waiting[] = [];
  #scheduled = false;
  /** Why no call is taken any more. */
  #ended: SentError | undefined;

  private constructor(dir: string) {
    this.#worker = new Worker(WORKER, { workerData: { dir } satisfies WorkerData });
    this.#worker.on('message', (outcomes: FromWorker) => this.#answer(outcomes));
    this.#worker.on('error', (error) => this.#fail(`the store's worker has failed: ${error.message}`));
    this.#worker.on('exit', () => {
      this.#fail("the store's worker has ended");
      this.#exited.resolve();
    });
  }

  /** @throws SpillwayError as `openDatabase` */
  static async open(dir: string): Promise<StoreClient> {
    const client = new StoreClient(dir);
    await client.#opened.promise;
    return client;
  }

  /** @throws SpillwayError `unavailable` once the store is closed or its worker has ended */
  async call<M extends Method>(
    method: M,
    ...args: Parameters<Operations[M]>
  ): Promise<ReturnType<Operations[M]>> {
    if (this.#ended) throw received(this.#ended);
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.push({ call: { method, args }, settle: settling(answer) });
    this.#schedule();
    return (await answer.promise) as ReturnType<Operations[M]>;
  }

  /** Lets the calls made so far end, then closes the database. */
  async close(): Promise<void> {
    const last = this.#ended ? undefined : this.call('lanes');
    this.#ended ??= unavailable('the store is closed');
    await last;
    this.#post('close');
    await this.#exited.promise;
  }

  /** Gathers what is called in one turn of the event loop, as long as no batch is under way. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay.length > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#underWay = batch.map((one) => one.settle);
    this.#post(batch.map((one) => one.call));
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #answer(outcomes: FromWorker): void {
    const answered = this.#underWay;
    this.#underWay = [];
    // Before anybody is answered, so that the worker does not wait for that.
    if (this.#waiting.length > 0) this.#send();
    outcomes.forEach((outcome, index) => answered[index]?.(outcome));
  }

  #fail(message: string): void {
    this.#ended ??= unavailable(message);
    const lost = [...this.#underWay, ...this.#waiting.map((one) => one.settle)];
    this.#underWay = [];
    this.#waiting = [];
    for (const settle of lost) settle({ ok: false, error: unavailable(message) });
  }
}

const settling =
  (answer: PromiseWithResolvers<unknown>): Settle =>
  (outcome) =>
    outcome.ok ? answer.resolve(outcome.value) : answer.reject(received(outcome.error));

const unavailable = (message: string): SentError => ({
  code: 'unavailable',
  message,
  where: undefined,
  hint: undefined,
});

function received({ code, message, where, hint }: SentError): Error {
  if (!code) return new Error(`the store failed on a call: ${message}`);
  return new SpillwayError(code, message, { ...(where && { where }), ...(hint && { hint }) });
}
