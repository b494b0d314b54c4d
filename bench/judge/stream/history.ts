import {
  BLOCK_SECONDS,
  BUCKETS,
  LATENCY_QUANTILES,
  mergeInto,
  quantileBuckets,
  type InstanceBlock,
  type InstanceHistory,
} from '../../../src/judge/index.ts';
import type { ArmStream } from './arm.ts';

/** What is slow is taken anew so often, from all that was seen by then. */
const THRESHOLD_SECONDS = 60;
const NONE: readonly number[] = [];

/** Draws what an arm's instances did in the seconds before the rollout. */
export function historyOf(arm: ArmStream, seconds: number): InstanceHistory {
  const past = new Uint32Array(BUCKETS);
  const slowFrom = new Uint16Array(LATENCY_QUANTILES.length);
  const ticks: InstanceBlock[] = [];
  let answers = 0;
  for (let passed = 0; passed < seconds; passed++) {
    const known = passed >= THRESHOLD_SECONDS && answers > 0;
    if (known && passed % THRESHOLD_SECONDS === 0) quantileBuckets(slowFrom, past, answers);
    arm.drawCounts(passed - seconds);
    arm.drawLatencies(passed - seconds, known ? slowFrom : NONE);
    const { requests, errors, latencies } = arm;
    mergeInto(past, latencies.toSparse());
    answers += arm.totalRequests;
    const slow = known
      ? { slow: LATENCY_QUANTILES.map((_, q) => latencies.slow.map((own) => own[q] ?? 0)) }
      : {};
    ticks.push({ requests: [...requests], errors: [...errors], ...slow });
  }
  return BLOCK_SECONDS.map((length) => ({ length, blocks: inBlocks(ticks, length) }));
}

function inBlocks(ticks: readonly InstanceBlock[], length: number): InstanceBlock[] {
  const blocks: InstanceBlock[] = [];
  for (let from = 0; from + length <= ticks.length; from += length)
    blocks.push(ticks.slice(from, from + length).reduce(sum));
  return blocks;
}

const sum = (a: InstanceBlock, b: InstanceBlock): InstanceBlock => ({
  requests: added(a.requests, b.requests),
  errors: added(a.errors, b.errors),
  ...(a.slow === undefined || b.slow === undefined
    ? {}
    : { slow: a.slow.map((one, q) => added(one, b.slow?.[q] ?? [])) }),
});

const added = (a: readonly number[], b: readonly number[]) => a.map((n, j) => n + (b[j] ?? 0));
