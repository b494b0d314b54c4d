import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { poisson } from '../../../bench/judge/stream/poisson.ts';
import { createRandom } from '../../../bench/judge/stream/random.ts';
import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  type ArmTick,
  type Judge,
} from '../../../src/judge/index.ts';
import { certificateMs } from '../../../src/judge/planning/health.ts';
import { DEFAULT_LIMITS } from '../../../src/judge/planning/request.ts';
import { detectionOf, expectedRequests, type Stream } from '../../../src/judge/planning/detection.ts';
import { quantileOf } from '../../support/quantile.ts';

const arm = (requests: number, errors: number): ArmTick => ({
  requests,
  errors: Math.min(requests, errors),
  latency: createHistogram(),
  crashes: 0,
  instanceMinutes: 1 / 60,
});

interface Simulated extends Pick<Stream, 'requestsPerSecond' | 'share' | 'errorRate'> {
  readonly ratio: number;
}

/** Canary requests until the shipped judge says so, run by run; ticks of one second, requests and errors drawn. */
function simulated(stream: Simulated, runs: number, stop: (judge: Judge) => boolean): number[] {
  const { requestsPerSecond, share, errorRate, ratio } = stream;
  return Array.from({ length: runs }, (_, seed) => {
    const random = createRandom(seed);
    const expected = [requestsPerSecond * share, requestsPerSecond * (1 - share)] as const;
    const [canary, baseline] = expected.map((mean) => poisson(random, mean));
    const failing = poisson(random, expected[0] * errorRate * ratio);
    const usual = poisson(random, expected[1] * errorRate);
    const settings = { ...DEFAULT_SETTINGS, warmUpMs: 0, latency: false, acceptableErrorRate: 0.005 };
    const judge = createJudge(settings, 0);
    for (let at = 1000; at < 4e6 && !stop(judge); at += 1000)
      observe(judge, {
        at,
        canary: arm(canary?.() ?? 0, failing()),
        baseline: arm(baseline?.() ?? 0, usual()),
      });
    return judge.sinceStart.canary.requests;
  });
}

const CONTEXT = { stepStartedAt: 0, minStepMs: 0, maxStepMs: 1e9, staleAfterMs: 60_000 };

/** Harm is looked for where the evidence may show it: what assess costs is not spent on every tick. */
const harmIsShown = (judge: Judge): boolean => {
  const { verdict } = assess(judge, {
    ...CONTEXT,
    now: judge.lastTickAt ?? 0,
    concurrentBaseline: true,
    certificateRequired: false,
  });
  return verdict === 'issue';
};

const streamOf = (stream: Simulated): Stream => ({ ...stream, phi: 1, needed: 100 });

const near = (predicted: number, seen: number, tolerance: number) =>
  assert.ok(
    Math.abs(predicted / seen - 1) <= tolerance,
    `predicted ${Math.round(predicted)}, simulated ${Math.round(seen)}`,
  );

describe('predicted detection, against the shipped judge', () => {
  const cases: ReadonlyArray<Simulated> = [
    { requestsPerSecond: 200, share: 0.1, errorRate: 0.01, ratio: 2 },
    { requestsPerSecond: 200, share: 0.5, errorRate: 0.01, ratio: 2 },
    { requestsPerSecond: 200, share: 0.1, errorRate: 0.005, ratio: 5 },
    { requestsPerSecond: 400, share: 0.05, errorRate: 0.02, ratio: 1.5 },
    { requestsPerSecond: 200, share: 0.02, errorRate: 0.01, ratio: 5 },
  ];
  for (const stream of cases) {
    const { share, errorRate, ratio } = stream;
    const title = `${ratio}x of ${errorRate * 100}% at a share of ${share * 100}%: median within 25%, 90th percentile within 30%`;
    test(title, () => {
      const runs = simulated(stream, 150, harmIsShown);
      const predicted = detectionOf(streamOf(stream), ratio);
      assert.ok(predicted !== null);
      near(predicted.medianRequests, quantileOf(runs, 0.5), 0.25);
      near(predicted.p90Requests, quantileOf(runs, 0.9), 0.3);
      near(expectedRequests(streamOf(stream), ratio) ?? 0, predicted.medianRequests, 0.35);
    });
  }

  test('the time to the certificate within 25%', () => {
    const settings = { ...DEFAULT_SETTINGS, acceptableErrorRate: 0.005, latency: false };
    for (const errorRate of [0.001, 0.003, 0.01, 0.03]) {
      const stream = { requestsPerSecond: 200, share: 0.1, errorRate, ratio: 1 };
      const seconds = simulated(stream, 150, (judge) => judge.certificate.held).map((n) => n / 20);
      const traffic = { requestsPerSecond: 200, errorRate, phi: 1 };
      const predicted = certificateMs({ budget: 500, traffic, settings, ...DEFAULT_LIMITS }, 0.1);
      near((predicted ?? 0) / 1000, quantileOf(seconds, 0.5), 0.25);
    }
  });
});

describe('predicted detection', () => {
  const stream: Stream = { requestsPerSecond: 200, share: 0.1, errorRate: 0.01, phi: 1, needed: 160 };
  const medianMs = (changed: Partial<Stream>, ratio = 2) =>
    detectionOf({ ...stream, ...changed }, ratio)?.medianMs ?? Number.NaN;

  test('time goes with the traffic, requests do not', () => {
    near(medianMs({ requestsPerSecond: 20 }), 10 * medianMs({}), 0.001);
    const [slow, fast] = [20, 2000].map((requestsPerSecond) =>
      detectionOf({ ...stream, requestsPerSecond }, 2),
    );
    near(slow?.p90Requests ?? 0, fast?.p90Requests ?? 1, 0.001);
  });

  test('worse versions are found sooner, bursts and stricter judges take longer', () => {
    assert.ok(medianMs({}, 5) < medianMs({}, 2) && medianMs({}, 2) < medianMs({}, 1.5));
    assert.ok(medianMs({ phi: 3 }) > 2 * medianMs({}));
    assert.ok(medianMs({ needed: 1600 }) > medianMs({}));
    assert.ok(medianMs({ share: 0.01 }) > 5 * medianMs({}));
  });

  test('what is no worse, or hardly, is never shown', () => {
    assert.equal(detectionOf(stream, 1), null);
    assert.equal(detectionOf(stream, 1.05), null);
  });
});
