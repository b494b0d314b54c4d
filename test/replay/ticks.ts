import { bucketOf, createHistogram, recordLatency, type ArmTick, type Tick } from '../../src/judge/index.ts';

export const NOON = Date.UTC(2026, 10, 20, 12);

/** Requests that all took as long, or half of them a little longer. */
export function arm(requests: number, errors: number, ms = 50): ArmTick {
  const latency = createHistogram();
  for (let i = 0; i < requests; i++) recordLatency(latency, i % 2 === 0 ? ms : ms * 1.5);
  return { requests, errors, latency, crashes: 0, instanceMinutes: 1 / 60 };
}

export const tick = (second: number, canary: ArmTick, baseline: ArmTick): Tick => ({
  at: NOON + 1000 * second,
  canary,
  baseline,
});

export const slowBucket = bucketOf(70);
