import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  assess,
  beginStep,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  tickFromJson,
  tickToJson,
  toSparse,
  verdictOf,
  type ArmTick,
  type AssessmentRecord,
  type InstanceHistory,
  type Judge,
  type JudgeSettings,
  type Latencies,
  type Tick,
} from '../../src/judge/index.ts';
import { createRatioTest, feedRatio } from '../../src/judge/sequential/ratio.ts';
import { logEOf, onsetWithin, RATE_GRID } from '../../src/judge/sequential/mixture.ts';

const RUNS = 60;

const arm = fc
  .record({
    requests: fc.nat(60),
    failing: fc.double({ min: 0, max: 1, noNaN: true }),
    latencies: fc.array(fc.double({ min: 1, max: 5000, noNaN: true }), { maxLength: 30 }),
    crashes: fc.constantFrom(0, 0, 0, 1),
  })
  .map(({ requests, failing, latencies, crashes }): ArmTick => {
    const latency = createHistogram();
    for (const ms of latencies.slice(0, requests)) recordLatency(latency, ms);
    const errors = Math.floor(requests * failing ** 4);
    return { requests, errors, latency, crashes, instanceMinutes: 0.5 };
  });
const instance = fc
  .record({ requests: fc.nat(50), errors: fc.nat(5) })
  .map(({ requests, errors }) => ({ requests, errors }));
const ticks = fc
  .array(
    fc.record({
      ms: fc.integer({ min: 200, max: 20_000 }),
      canary: arm,
      baseline: arm,
      stableInstances: fc.array(instance, { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps): readonly Tick[] => {
    let at = 0;
    return steps.map(({ ms, ...tick }) => ({ at: (at += ms), ...tick }));
  });
const settings = fc
  .record({
    warmUpMs: fc.constantFrom(0, 20_000, 'auto' as const),
    stages: fc.constantFrom(1 as const, 2 as const),
    certificate: fc.constantFrom('standard' as const, 'strict' as const),
    latency: fc.boolean(),
    windowMs: fc.constantFrom(30_000, 300_000),
  })
  .map((some): JudgeSettings => ({
    ...DEFAULT_SETTINGS,
    ...some,
    limits: { errorRate: 0.1, p95Ms: 2000, crashesPerMinute: 0.5 },
    acceptableErrorRate: 0.01,
  }));
const history: InstanceHistory = [{ length: 10, blocks: [{ requests: [90, 90], errors: [9, 0] }] }];

function fold(of: JudgeSettings, all: readonly Tick<Latencies>[]): Judge {
  const judge = createJudge(of, 0, history);
  all.forEach((tick, i) => {
    if (i % 10 === 0) beginStep(judge, judge.lastTickAt ?? 0);
    observe(judge, tick);
  });
  return judge;
}

const assessed = (judge: Judge, now: number) =>
  assess(judge, {
    now,
    stepStartedAt: 0,
    minStepMs: 5000,
    maxStepMs: 120_000,
    concurrentBaseline: true,
    certificateRequired: true,
    staleAfterMs: 30_000,
  });

describe('whatever the ticks', () => {
  test('the judge rebuilt from their records is the same judge', () => {
    fc.assert(
      fc.property(settings, ticks, (of, all) => {
        const records = all.map((tick) => JSON.stringify(tickToJson(tick)));
        const rebuilt = fold(
          of,
          records.map((text) => tickFromJson(JSON.parse(text))),
        );
        assert.deepEqual(rebuilt, fold(of, all));
      }),
      { numRuns: RUNS },
    );
  });

  test('sparse histograms make the same judge', () => {
    const sparse = (tick: ArmTick) => ({ ...tick, latency: toSparse(tick.latency) });
    fc.assert(
      fc.property(settings, ticks, (of, all) => {
        const thin = all.map((tick) => ({
          ...tick,
          canary: sparse(tick.canary),
          baseline: sparse(tick.baseline),
        }));
        assert.deepEqual(fold(of, thin), fold(of, all));
      }),
      { numRuns: RUNS },
    );
  });

  test('a verdict comes back from its record, which is plain JSON', () => {
    fc.assert(
      fc.property(settings, ticks, (of, all) => {
        const { record, ...finding } = assessed(fold(of, all), all.at(-1)?.at ?? 0);
        const stored = JSON.parse(JSON.stringify(record)) as AssessmentRecord;
        assert.deepEqual(stored, record);
        assert.deepEqual(verdictOf(stored), finding);
      }),
      { numRuns: RUNS },
    );
  });

  test('looking changes nothing, and a tick is not changed by being folded', () => {
    fc.assert(
      fc.property(settings, ticks, (of, all) => {
        const copy = structuredClone(all);
        const judge = fold(of, all);
        const before = structuredClone(judge);
        assessed(judge, (all.at(-1)?.at ?? 0) + 1000);
        assert.deepEqual(judge, before);
        assert.deepEqual(all, copy);
      }),
      { numRuns: RUNS },
    );
  });

  test('the order in which instances are listed does not matter', () => {
    const named = (tick: Tick, turn: number): Tick => {
      const all = (tick.stableInstances ?? []).map((one, i) => ({ ...one, name: `i${i}` }));
      return { ...tick, stableInstances: [...all.slice(turn), ...all.slice(0, turn)] };
    };
    fc.assert(
      fc.property(ticks, (all) => {
        const phis = [0, 1, 2].map((turn) => {
          const judge = fold(
            DEFAULT_SETTINGS,
            all.map((tick, i) => named(tick, (turn * i) % 4)),
          );
          return judge.dispersion.phi;
        });
        for (const phi of phis) assert.ok(Math.abs(phi - (phis[0] ?? 0)) < 1e-9 * phi);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Probability that of `errors`, each of which falls on the canary with probability `share`, so many do. */
function binomial(errors: number, onCanary: number, share: number): number {
  let probability = share ** onCanary * (1 - share) ** (errors - onCanary);
  for (let i = 1; i <= onCanary; i++) probability = (probability * (errors - onCanary + i)) / i;
  return probability;
}

describe('on identical arms', () => {
  const tick = fc.record({ canary: fc.integer({ min: 1, max: 50 }), errors: fc.nat(4) });
  /** The mean of E over all ways in which the errors can fall on the arms; `groups` tells which ticks are given as one. */
  function meanE(all: readonly { canary: number; errors: number }[], apart: readonly boolean[], phi: number) {
    let mean = 0;
    const place = (i: number, onCanary: readonly number[], probability: number): void => {
      const next = all[i];
      if (next === undefined) {
        const test = createRatioTest(RATE_GRID, 1, onsetWithin(6));
        let sum = { canaryRequests: 0, baselineRequests: 0, canaryEvents: 0, baselineEvents: 0 };
        all.forEach(({ canary, errors }, j) => {
          sum = {
            canaryRequests: sum.canaryRequests + canary,
            baselineRequests: sum.baselineRequests + 100 - canary,
            canaryEvents: sum.canaryEvents + (onCanary[j] ?? 0),
            baselineEvents: sum.baselineEvents + errors - (onCanary[j] ?? 0),
          };
          if (apart[j] === false && j < all.length - 1 && all[j + 1]?.canary === canary) return;
          feedRatio(test, sum, phi);
          sum = { canaryRequests: 0, baselineRequests: 0, canaryEvents: 0, baselineEvents: 0 };
        });
        mean += probability * Math.exp(logEOf(test.mixture));
        return;
      }
      for (let k = 0; k <= next.errors; k++)
        place(i + 1, [...onCanary, k], probability * binomial(next.errors, k, next.canary / 100));
    };
    place(0, [], 1);
    return mean;
  }

  const rollout = fc.array(tick, { minLength: 1, maxLength: 4 });
  const cuts = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });

  test('E is 1 on average, however the split changes and ticks are put together', () => {
    fc.assert(
      fc.property(rollout, cuts, (all, apart) => {
        assert.ok(Math.abs(meanE(all, apart, 1) - 1) < 1e-9);
      }),
      { numRuns: RUNS },
    );
  });

  test('tempered it is no more than that', () => {
    fc.assert(
      fc.property(rollout, cuts, fc.double({ min: 1, max: 20, noNaN: true }), (all, apart, phi) => {
        assert.ok(meanE(all, apart, phi) <= 1 + 1e-9);
      }),
      { numRuns: RUNS },
    );
  });
});
