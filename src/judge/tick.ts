import { createHistogram, mergeInto, type Histogram } from './histogram.ts';

/** What one arm did within a tick. */
export interface ArmTick {
  readonly requests: number;
  /** Counted at the unit that is randomised: once per request, or once per sticky visitor and rollout. At most `requests`. */
  readonly errors: number;
  /** Of the requests that were answered. */
  readonly latency: Histogram;
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
}

/** One interval in which both arms were counted, final: nothing will be added to it later. */
export interface Tick {
  /** End of the interval, epoch milliseconds. */
  readonly at: number;
  readonly canary: ArmTick;
  readonly baseline: ArmTick;
  /** The stable version's instances, from which is learnt how much more errors vary than independent ones would. */
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

/** Two ticks as one that ends with the later. */
export const mergeTicks = (earlier: Tick, later: Tick): Tick => ({
  at: later.at,
  canary: mergeArms(earlier.canary, later.canary),
  baseline: mergeArms(earlier.baseline, later.baseline),
});

function mergeArms(a: ArmTick, b: ArmTick): ArmTick {
  const latency = createHistogram();
  mergeInto(latency, a.latency);
  mergeInto(latency, b.latency);
  const totals = noTotals();
  addTotals(totals, a);
  addTotals(totals, b);
  return { ...totals, latency };
}

/** @throws RangeError when a count is negative or not finite, or an arm has more errors than requests. */
export function checkTick(tick: Tick, previousAt: number): void {
  if (!(tick.at >= previousAt)) throw new RangeError(`a tick of ${tick.at} came after one of ${previousAt}`);
  for (const name of ['canary', 'baseline'] as const) {
    const { requests, errors, crashes, instanceMinutes } = tick[name];
    for (const count of [requests, errors, crashes, instanceMinutes])
      if (!(count >= 0 && count < Infinity)) throw new RangeError(`${name}: ${count} is not a count`);
    if (errors > requests) throw new RangeError(`${name}: ${errors} errors in ${requests} requests`);
  }
}
