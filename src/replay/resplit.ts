import {
  countFrom,
  createHistogram,
  isSparse,
  mergeInto,
  type ArmTick,
  type Histogram,
  type Tick,
} from '../judge/index.ts';
import { ALL, type Weight } from '../core/weights.ts';
import { drawBinomial, drawMarked, type Chance } from './chance.ts';
import { drawLatencies, drawWithout } from './latencies.ts';
import { Pool, type Rates } from './pool.ts';

/** What a trace's arms are: parts of one traffic, or each all of it (mirrored, or made so). */
export type Arms = 'split' | 'mirrored';

type Side = 'canary' | 'baseline';

/** How many requests an arm had in the replay, and how many of them were drawn again from those that there are in the trace. */
export interface Drawn {
  requests: number;
  again: number;
}

const NOTHING: Rates = { requests: 0, errorRate: 0, answerRate: 0, latency: undefined };

function denseOf({ latency }: ArmTick): Histogram {
  if (!isSparse(latency)) return latency;
  const dense = createHistogram();
  mergeInto(dense, latency);
  return dense;
}

const silent = (): ArmTick => ({
  requests: 0,
  errors: 0,
  latency: createHistogram(),
  crashes: 0,
  instanceMinutes: 0,
});

/**
 * Splits a trace's traffic anew, as another policy would have split it.
 *
 * The volume is the policy's: of the requests of a tick (both arms' together, or one arm's where each saw them all) a binomial draw
 * with the canary's weight goes to the canary and the rest to the baseline. What happens to them is the trace's arm's own: where the
 * arm had as many, they are drawn from its requests of that tick without putting any back, so that what is seen has been; what is
 * wanted beyond that is drawn again, with putting back, from what the arm did in the last five minutes. `drawn` counts those: they
 * carry no news, and a verdict that rests on many of them is worth less than it looks. An arm that did nothing for five minutes
 * stays silent whatever its weight. Crashes and instance-minutes stay as they are while the arm has traffic, since their rate is
 * per instance. Which of the failed requests were slow is not in a trace, so errors and latencies are drawn apart.
 */
export class Resplitter {
  readonly drawn: Readonly<Record<Side, Drawn>> = {
    canary: { requests: 0, again: 0 },
    baseline: { requests: 0, again: 0 },
  };
  readonly #chance: Chance;
  readonly #arms: Arms;
  readonly #pools: Readonly<Record<Side, Pool>> = { canary: new Pool(), baseline: new Pool() };

  constructor(chance: Chance, arms: Arms) {
    this.#chance = chance;
    this.#arms = arms;
  }

  /** A tick as it would have been with this weight on the canary. Ticks come in order of time. */
  split(tick: Tick, weight: Weight): Tick {
    const { canary, baseline } = tick;
    const latencies = { canary: denseOf(canary), baseline: denseOf(baseline) };
    this.#pools.canary.add(tick.at, canary.requests, canary.errors, latencies.canary);
    this.#pools.baseline.add(tick.at, baseline.requests, baseline.errors, latencies.baseline);
    const traffic =
      this.#arms === 'split'
        ? canary.requests + baseline.requests
        : Math.max(canary.requests, baseline.requests);
    const canaries = drawBinomial(this.#chance, traffic, weight / ALL);
    const share = baseline.requests === 0 ? 0 : (traffic - canaries) / baseline.requests;
    return {
      at: tick.at,
      canary: this.#arm('canary', canary, latencies.canary, canaries),
      baseline: this.#arm('baseline', baseline, latencies.baseline, traffic - canaries),
      ...(tick.stableInstances === undefined || weight === ALL
        ? {}
        : { stableInstances: tick.stableInstances.map((one) => this.#instance(one, share)) }),
    };
  }

  #arm(side: Side, arm: ArmTick, own: Histogram, wanted: number): ArmTick {
    if (wanted === 0) return silent();
    const chance = this.#chance;
    const seen = Math.min(wanted, arm.requests);
    const rates = seen < wanted ? this.#pools[side].rates() : NOTHING;
    const again = rates.requests === 0 ? 0 : wanted - seen;
    const answered = Math.min(arm.requests, countFrom(own, 0));
    const latency = createHistogram();
    drawWithout(chance, own, answered, drawMarked(chance, arm.requests, answered, seen), latency);
    if (rates.latency !== undefined)
      drawLatencies(chance, rates.latency, drawBinomial(chance, again, rates.answerRate), latency);
    const errors =
      drawMarked(chance, arm.requests, arm.errors, seen) + drawBinomial(chance, again, rates.errorRate);
    this.drawn[side].requests += seen + again;
    this.drawn[side].again += again;
    return {
      requests: seen + again,
      errors,
      latency,
      ...(arm.slowClients === undefined
        ? {}
        : { slowClients: this.#scaled(arm.slowClients, wanted / arm.requests) }),
      crashes: arm.crashes,
      instanceMinutes: arm.instanceMinutes,
    };
  }

  /** How the stable version's instances differ is learnt from what they did, never from requests that are drawn again. */
  #instance(one: NonNullable<Tick['stableInstances']>[number], share: number) {
    if (share >= 1) return one;
    const requests = drawBinomial(this.#chance, one.requests, share);
    const drawn = (events: number) =>
      drawMarked(this.#chance, one.requests, Math.min(events, one.requests), requests);
    return {
      ...one,
      requests,
      errors: drawn(one.errors),
      ...(one.slow === undefined ? {} : { slow: Array.from(one.slow, drawn) }),
    };
  }

  #scaled(slow: ReadonlyMap<number, number>, share: number): ReadonlyMap<number, number> {
    const part = Math.min(1, share);
    return new Map([...slow].map(([bucket, n]) => [bucket, drawBinomial(this.#chance, n, part)]));
  }
}
