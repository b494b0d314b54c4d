import {
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  type ArmTick,
  type Judge,
  type JudgeSettings,
} from '../../src/judge/index.ts';

/** A seeded source of numbers in [0, 1): mulberry32, so that every run of a seed is the same run everywhere. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface ArmModel {
  readonly errorRate: number;
  /** Median latency in ms; log-normal with sigma 0.5. */
  readonly medianMs: number;
}

export interface Simulation {
  readonly seed: number;
  /** Requests per second of both arms together, and the canary's part of them. */
  readonly requestsPerSecond: number;
  readonly canaryShare: number;
  readonly canary: ArmModel;
  readonly baseline: ArmModel;
  readonly settings?: Partial<JudgeSettings>;
}

const TICK_MS = 1000;

/** Runs second by second until `stop` says so or `maxTicks` are over. @returns the judge and the requests that the canary had */
export function simulate(simulation: Simulation, maxTicks: number, stop: (judge: Judge) => boolean) {
  const random = randomSource(simulation.seed);
  const judge = createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 0, ...simulation.settings }, 0);
  for (let tick = 1; tick <= maxTicks && !stop(judge); tick++) {
    const canary = armTick();
    const baseline = armTick();
    for (let i = 0; i < simulation.requestsPerSecond; i++) {
      const toCanary = random() < simulation.canaryShare;
      serve(toCanary ? canary : baseline, toCanary ? simulation.canary : simulation.baseline, random);
    }
    observe(judge, { at: tick * TICK_MS, canary, baseline });
  }
  return { judge, canaryRequests: judge.sinceStart.canary.requests };
}

type MutableArm = { -readonly [K in keyof ArmTick]: ArmTick[K] };

const armTick = (): MutableArm => ({
  requests: 0,
  errors: 0,
  latency: createHistogram(),
  crashes: 0,
  instanceMinutes: 1 / 60,
});

function serve(arm: MutableArm, model: ArmModel, random: () => number): void {
  arm.requests += 1;
  if (random() < model.errorRate) arm.errors += 1;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  recordLatency(arm.latency, model.medianMs * Math.exp(0.5 * normal));
}

/** @param p 0 to 1 */
export function quantileOf(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}
