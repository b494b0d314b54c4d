import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { instant } from '../../src/core/time.ts';
import type { System } from '../../src/ports/system.ts';

/** The machine's own clock, timers and chance, for tests on real parts. */
export const realSystem: System = {
  now: () => instant(Date.now()),
  monotonic: () => performance.now(),
  after: (length, action) => {
    const timer = setTimeout(action, length);
    return () => clearTimeout(timer);
  },
  sleep: (length, signal) => wait(length, undefined, { signal }).catch(() => undefined),
  bytes: (length) => randomBytes(length),
  id: () => randomUUID(),
};
