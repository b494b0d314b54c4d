import type { Histogram, Latencies } from './histogram.ts';
import { LATENCY_QUANTILES } from './sequential/latency.ts';

/** What one arm did within a tick. */
export interface ArmTick<L extends Latencies = Histogram> {
  readonly requests: number;
  /** Counted at the unit that is randomised: once per request, or once per sticky visitor and rollout. At most `requests`. */
  readonly errors: number;
  /** Every request that failed, where `errors` does not count each: between `errors` and `requests`. */
  readonly failures?: number;
  /** Of the requests that were answered. */
  readonly latency: L;
  /**
   * Only where clients stay on their version: by bucket of `latencyBuckets`, how many clients had their first answer in that bucket or
   * above. Each client counts once per rollout and bucket.
   */
  readonly slowClients?: ReadonlyMap<number, number>;
  readonly crashes: number;
  /** Running time of all instances together, in minutes. */
  readonly instanceMinutes: number;
}

/** What one of several equal instances did within a tick. */
export interface InstanceCount {
  /** Tells instances of different ticks apart; without it their place in the list does. */
  readonly name?: string;
  readonly requests: number;
  readonly errors: number;
  /**
   * For each quantile of latency that is compared, in turn: how many of its answers lie in the bucket that `slowThresholds` tells, or
   * above. Counted at the unit that is randomised. Without it slow answers are taken to vary as errors do.
   */
  readonly slow?: ArrayLike<number>;
}

/** One interval in which both arms were counted, final: nothing will be added to it later. */
export interface Tick<L extends Latencies = Histogram> {
  /** End of the interval, epoch milliseconds. */
  readonly at: number;
  readonly canary: ArmTick<L>;
  readonly baseline: ArmTick<L>;
  /** The stable version's instances, from which is learnt how much more errors and slow answers vary than independent ones would. */
  readonly stableInstances?: readonly InstanceCount[];
  /** Distinct failing clients of this rollout so far, where clients stay on their version. */
  readonly clients?: { readonly canary: number; readonly baseline: number };
}

/** Sums of an arm's ticks. */
export interface Totals {
  requests: number;
  errors: number;
  crashes: number;
  instanceMinutes: number;
}

export const noTotals = (): Totals => ({ requests: 0, errors: 0, crashes: 0, instanceMinutes: 0 });

export function addTotals(totals: Totals, arm: Readonly<Totals>): void {
  totals.requests += arm.requests;
  totals.errors += arm.errors;
  totals.crashes += arm.crashes;
  totals.instanceMinutes += arm.instanceMinutes;
}

/** Also with every request that failed. */
export interface Served extends Totals {
  failures: number;
}

export const nothingServed = (): Served => ({ ...noTotals(), failures: 0 });

export function addServed(served: Served, arm: ArmTick<Latencies>): void {
  addTotals(served, arm);
  served.failures += failuresOf(arm);
}

const failuresOf = ({ failures, errors }: ArmTick<Latencies>): number => failures ?? errors;

/** @throws RangeError for what cannot have been: time that goes back, counts that are none, more errors than requests */
export function checkTick(tick: Tick<Latencies>, previousAt: number): void {
  if (!(tick.at >= previousAt && tick.at < Infinity))
    throw new RangeError(`a tick of ${tick.at} came after one of ${previousAt}`);
  checkArm('canary', tick.canary);
  checkArm('baseline', tick.baseline);
  if (tick.stableInstances !== undefined)
    for (const instance of tick.stableInstances) checkInstance(instance);
  if (tick.clients === undefined) return;
  checkCount('canary', 'clients', tick.clients.canary);
  checkCount('baseline', 'clients', tick.clients.baseline);
}

function checkArm(name: 'canary' | 'baseline', arm: ArmTick<Latencies>): void {
  checkCount(name, 'requests', arm.requests);
  checkCount(name, 'errors', arm.errors);
  checkCount(name, 'crashes', arm.crashes);
  checkCount(name, 'instance-minutes', arm.instanceMinutes);
  if (arm.errors > arm.requests)
    throw new RangeError(`${name}: ${arm.errors} errors in ${arm.requests} requests`);
  const failures = failuresOf(arm);
  if (!(failures >= arm.errors && failures <= arm.requests))
    throw new RangeError(
      `${name}: ${failures} failures in ${arm.requests} requests with ${arm.errors} errors`,
    );
  if (arm.slowClients === undefined) return;
  for (const count of arm.slowClients.values()) checkCount(name, 'slow clients', count);
}

function checkInstance({ requests, errors, slow }: InstanceCount): void {
  checkCount('a stable instance', 'requests', requests);
  checkCount('a stable instance', 'errors', errors);
  if (slow === undefined) return;
  if (slow.length !== LATENCY_QUANTILES.length)
    throw new RangeError(
      `a stable instance: slow answers of ${LATENCY_QUANTILES.length} quantiles, not ${slow.length}`,
    );
  for (let q = 0; q < slow.length; q++) checkCount('a stable instance', 'slow answers', slow[q] as number);
}

function checkCount(whose: string, what: string, count: number): void {
  if (!(count >= 0 && count < Infinity)) throw new RangeError(`${whose}, ${what}: ${count} is not a count`);
}
