import {
  type ArmTick,
  type InstanceCount,
  type InstanceHistory,
  type SparseHistogram,
  type Tick,
} from '../../../src/judge/index.ts';
import { ArmStream } from './arm.ts';
import { historyOf } from './history.ts';
import { LoopingClients, type Counting } from './loopers.ts';
import { createRandom, type Random } from './random.ts';
import { at, type Scenario } from './scenario.ts';
import { slowCounts } from './slow.ts';
import { Trials } from './trials.ts';

const TICK_MS = 1000;

export interface StreamOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** What is counted once for clients that stay on their version; each request where they do not. */
  readonly counting: Counting;
}

/** The ticks of one simulated rollout, a second each. Equal options give equal streams. */
export class Stream {
  readonly #counting: Counting;
  readonly #canary: ArmStream;
  readonly #baseline: ArmStream;
  readonly #loopers: { readonly canary: LoopingClients; readonly baseline: LoopingClients } | undefined;
  readonly #clients = { canary: 0, baseline: 0 };
  readonly #instances: readonly MutableCount[];
  readonly #withoutSlow: readonly MutableCount[];
  #canaryShare: number;
  #second = 0;

  constructor({ scenario, seed, counting }: StreamOptions) {
    const random = createRandom(seed);
    this.#counting = counting;
    this.#canaryShare = scenario.canaryShare;
    const { stableInstances, canaryErrors = 1, canaryLatency = 1 } = scenario;
    this.#canary = new ArmStream(random, scenario, {
      share: () => this.#canaryShare,
      instances: 1,
      errors: (second) => at(canaryErrors, second),
      latency: (second) => at(canaryLatency, second),
    });
    this.#baseline = new ArmStream(random, scenario, {
      share: () => 1 - this.#canaryShare,
      instances: stableInstances,
      errors: always,
      latency: always,
    });
    this.#loopers = loopersOf(scenario, random);
    this.#instances = this.#baseline.latencies.slow.map((slow) => ({ requests: 0, errors: 0, slow }));
    this.#withoutSlow = this.#instances.map(() => ({ requests: 0, errors: 0 }));
  }

  /** Draws what the stable version's instances did in the seconds before the rollout. Called before the first tick, or not at all. */
  history(seconds: number): InstanceHistory {
    return historyOf(this.#baseline, seconds);
  }

  /** Moves traffic: from the next second on. */
  setCanaryShare(share: number): void {
    this.#canaryShare = share;
  }

  /**
   * Draws the next second. What is in the tick is good until the one that follows is drawn.
   * @param buckets those for which the judge wants clients counted once
   * @param slowFrom the buckets from which answers are slow, by quantile, where the judge has any
   */
  next(buckets: readonly number[], slowFrom: ArrayLike<number> = NONE): Tick<SparseHistogram> {
    this.#second++;
    const canary = this.#drawArm('canary', buckets, NONE);
    const baseline = this.#drawArm('baseline', buckets, slowFrom);
    const stableInstances = this.#countInstances(slowFrom.length > 0);
    const tick = { at: this.#second * TICK_MS, canary, baseline, stableInstances };
    return this.#counting === 'client' ? { ...tick, clients: { ...this.#clients } } : tick;
  }

  #drawArm(
    name: 'canary' | 'baseline',
    buckets: readonly number[],
    slowFrom: ArrayLike<number>,
  ): ArmTick<SparseHistogram> {
    const arm = name === 'canary' ? this.#canary : this.#baseline;
    arm.drawCounts(this.#second);
    arm.drawLatencies(this.#second, slowFrom);
    if (this.#counting === 'request') {
      this.#loopers?.[name].addTo(arm, new Map(), 'request');
      return arm.toTick();
    }
    const slowClients = slowCounts(arm.latencies, buckets);
    this.#clients[name] += arm.totalErrors;
    const before = this.#loopers?.[name].failedClients ?? 0;
    this.#loopers?.[name].addTo(arm, slowClients, 'client');
    this.#clients[name] += (this.#loopers?.[name].failedClients ?? 0) - before;
    return { ...arm.toTick(), slowClients };
  }

  #countInstances(withSlow: boolean): readonly InstanceCount[] {
    const { requests, errors } = this.#baseline;
    const instances = withSlow ? this.#instances : this.#withoutSlow;
    for (let j = 0; j < requests.length; j++) {
      const instance = instances[j] as MutableCount;
      instance.requests = requests[j] as number;
      instance.errors = errors[j] as number;
    }
    return instances;
  }
}

const NONE: readonly number[] = [];
const always = () => 1;

type MutableCount = { -readonly [Key in keyof InstanceCount]: InstanceCount[Key] };

/** Each looping client is given to an arm like any other, and stays there. */
function loopersOf({ loopers, canaryShare }: Scenario, random: Random) {
  if (loopers === undefined) return undefined;
  const canary = new Trials(random, canaryShare).take(loopers.count);
  return {
    canary: new LoopingClients(random, loopers, canary),
    baseline: new LoopingClients(random, loopers, loopers.count - canary),
  };
}
