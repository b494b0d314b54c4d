import type { ArmTick, SparseHistogram } from '../../../src/judge/index.ts';
import { SecondOfLatencies } from './latency.ts';
import { poisson, type CountSource } from './poisson.ts';
import type { Random } from './random.ts';
import { at, type BadInstances, type Retries, type Scenario } from './scenario.ts';
import { Spells } from './spells.ts';
import { Trials } from './trials.ts';

/** The rate of arrivals is taken anew so often. */
const RATE_SECONDS = 30;

export interface ArmModel {
  /** The arm's part of all requests at present. */
  readonly share: () => number;
  readonly instances: number;
  /** Errors and latency, as multiples of what the scenario says of both arms, at a second. */
  readonly errors: (second: number) => number;
  readonly latency: (second: number) => number;
}

/** Draws what one arm does, second by second. Its counts are those of the second drawn last. */
export class ArmStream {
  readonly requests: Float64Array;
  readonly errors: Float64Array;
  totalRequests = 0;
  totalErrors = 0;
  readonly latencies: SecondOfLatencies;
  readonly #scenario: Scenario;
  readonly #model: ArmModel;
  readonly #random: Random;
  readonly #failures: Trials;
  readonly #batches: Batches | undefined;
  readonly #badTimes: BadTimes | undefined;
  readonly #slowTimes: SlowTimes;
  readonly #places: number[] = [];
  #arrivals: CountSource = () => 0;
  #share = Number.NaN;
  #mean = Number.NaN;
  /** The instance that serves next. */
  #turn = 0;

  constructor(random: Random, scenario: Scenario, model: ArmModel) {
    this.#random = random;
    this.#scenario = scenario;
    this.#model = model;
    this.latencies = new SecondOfLatencies(random, model.instances);
    this.requests = new Float64Array(model.instances);
    this.errors = new Float64Array(model.instances);
    this.#failures = new Trials(random, 0);
    if (scenario.retries !== undefined)
      this.#batches = new Batches(random, scenario.retries, model.instances);
    if (scenario.badInstances !== undefined)
      this.#badTimes = new BadTimes(random, scenario.badInstances, model.instances);
    this.#slowTimes = new SlowTimes(random, scenario, model.instances);
  }

  /** Draws requests and errors of the second that ends at `second`. */
  drawCounts(second: number): void {
    const { errorRate } = this.#scenario;
    this.#failures.setProbability(Math.min(1, at(errorRate, second) * this.#model.errors(second)));
    const n = this.#arrive(second);
    const count = this.#failures.take(n, this.#places);
    this.#countErrors(count);
    this.#batches?.add(this, n, this.#places, this.#turn);
    this.#badTimes?.add(this);
    this.#turn = (this.#turn + n) % this.requests.length;
    this.totalRequests = n;
    this.totalErrors = 0;
    for (let j = 0; j < this.errors.length; j++) this.totalErrors += this.errors[j] as number;
  }

  /**
   * Draws the latencies of the requests that `drawCounts` has drawn.
   * @param slowFrom the buckets from which answers are slow, by quantile; or none
   */
  drawLatencies(second: number, slowFrom: ArrayLike<number>): void {
    const factor = at(this.#scenario.latency ?? 1, second) * this.#model.latency(second);
    this.latencies.begin(slowFrom);
    this.#slowTimes.draw(this.latencies, this.requests, factor);
  }

  /** One request more, with 0 or 1 errors. */
  add(instance: number, errors: number): void {
    this.requests[instance] = (this.requests[instance] as number) + 1;
    this.errors[instance] = (this.errors[instance] as number) + errors;
    this.totalRequests += 1;
    this.totalErrors += errors;
  }

  /** Its latencies are good until the next second is drawn. */
  toTick(): ArmTick<SparseHistogram> {
    return {
      requests: this.totalRequests,
      errors: this.totalErrors,
      latency: this.latencies.toSparse(),
      crashes: 0,
      instanceMinutes: this.requests.length / 60,
    };
  }

  #arrive(second: number): number {
    if (second % RATE_SECONDS === 0 || this.#model.share() !== this.#share) this.#setRate(second);
    const n = this.#arrivals();
    const { length } = this.requests;
    const each = Math.floor(n / length);
    const rest = n % length;
    this.requests.fill(each);
    for (let i = 0; i < rest; i++) {
      const j = (this.#turn + i) % length;
      this.requests[j] = each + 1;
    }
    return n;
  }

  #setRate(second: number): void {
    this.#share = this.#model.share();
    const mean = at(this.#scenario.requestsPerSecond, second) * this.#share;
    if (mean === this.#mean) return;
    this.#mean = mean;
    this.#arrivals = poisson(this.#random, mean);
  }

  #countErrors(count: number): void {
    this.errors.fill(0);
    for (let i = 0; i < count; i++) {
      const j = (this.#turn + (this.#places[i] as number)) % this.errors.length;
      this.errors[j] = (this.errors[j] as number) + 1;
    }
  }
}

/** Errors that come in batches; what has no room in a second's requests comes in the next. */
class Batches {
  readonly #starts: Trials;
  readonly #ends: Trials;
  readonly #pending: Float64Array;

  constructor(random: Random, { rate, meanErrors }: Retries, instances: number) {
    this.#starts = new Trials(random, rate);
    this.#ends = new Trials(random, 1 / meanErrors);
    this.#pending = new Float64Array(instances);
  }

  add({ requests, errors }: ArmStream, n: number, places: number[], turn: number): void {
    const started = this.#starts.take(n, places);
    for (let i = 0; i < started; i++) {
      const j = (turn + (places[i] as number)) % this.#pending.length;
      let size = 1;
      while (this.#ends.take(1) === 0) size++;
      this.#pending[j] = (this.#pending[j] as number) + size;
    }
    for (let j = 0; j < this.#pending.length; j++) {
      const pending = this.#pending[j] as number;
      if (pending === 0) continue;
      const taken = Math.min(pending, (requests[j] as number) - (errors[j] as number));
      errors[j] = (errors[j] as number) + taken;
      this.#pending[j] = pending - taken;
    }
  }
}

/** Instances that fail for a while. */
class BadTimes {
  readonly #spells: Spells;
  readonly #failures: Trials;

  constructor(random: Random, model: BadInstances, instances: number) {
    this.#spells = new Spells(random, model, instances);
    this.#failures = new Trials(random, model.errorRate);
  }

  add({ requests, errors }: ArmStream): void {
    this.#spells.advance();
    const { left } = this.#spells;
    for (let j = 0; j < left.length; j++) {
      if (left[j] === 0) continue;
      const room = (requests[j] as number) - (errors[j] as number);
      errors[j] = (errors[j] as number) + this.#failures.take(room);
    }
  }
}

/** What makes single instances slow. */
class SlowTimes {
  readonly #spells: Spells | undefined;
  readonly #factor: number;
  readonly #pauses: Trials | undefined;

  constructor(random: Random, { slowInstances, pausesEverySeconds }: Scenario, instances: number) {
    if (slowInstances !== undefined) this.#spells = new Spells(random, slowInstances, instances);
    this.#factor = slowInstances?.factor ?? 1;
    if (pausesEverySeconds !== undefined) this.#pauses = new Trials(random, 1 / pausesEverySeconds);
  }

  /** Draws each instance's answers. */
  draw(latencies: SecondOfLatencies, requests: Float64Array, factor: number): void {
    this.#spells?.advance();
    for (let j = 0; j < requests.length; j++) {
      const slow = (this.#spells?.left[j] ?? 0) > 0;
      const by = slow ? factor * this.#factor : factor;
      if (this.#pauses?.take(1) === 1) latencies.drawPaused(j, requests[j] as number, by);
      else latencies.draw(j, requests[j] as number, by);
    }
  }
}
