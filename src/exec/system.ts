import { randomBytes } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { instant, type Duration, type Instant } from '../core/time.ts';
import type { System } from '../ports/system.ts';

/** The real clock, timers and chance of this host. */
export const hostSystem: System = {
  now: () => instant(Date.now()),
  monotonic: () => performance.now(),
  after: (wait, action) => {
    const timer = setTimeout(action, longestTimer(wait));
    return () => clearTimeout(timer);
  },
  sleep: async (wait, signal) => {
    await sleepFor(longestTimer(wait), undefined, signal === undefined ? {} : { signal }).catch(
      (error: unknown) => {
        if (signal?.aborted !== true) throw error;
      },
    );
  },
  bytes: (length) => chance(length),
  id: () => uuid7(instant(Date.now())),
};

/** Asking the system for a few bytes costs as much as asking it for many. */
const POOL = 4096;
let pool = Buffer.alloc(0);
let used = 0;

function chance(length: number): Uint8Array {
  if (length > POOL) return randomBytes(length);
  if (used + length > pool.length) {
    pool = randomBytes(POOL);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}

/** Node fires a timer above 2^31 - 1 ms at once; whoever waits longer looks again then. */
const longestTimer = (wait: Duration): number => Math.min(Math.max(0, wait), 2 ** 31 - 1);

/** RFC 9562, section 5.7: 48 bits of time, then chance. */
function uuid7(at: Instant): string {
  const bytes = Buffer.from(chance(16));
  bytes.writeUIntBE(at, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
