import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import fc from 'fast-check';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';
import { calls, callsAtOnce, compareAtOnce, compareInTurn } from './random-calls.ts';

/** Both on the same chance. */
async function withTwins(compare: (real: Store, twin: Store) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-twin-'));
  const real = await openSqliteStore({ dir, chance: seededChance(7) });
  try {
    await compare(real, memoryStore(seededChance(7)));
  } finally {
    await real.close();
    await rm(dir, { recursive: true });
  }
}

it('does what its twin in memory does, call by call and in the end', async () => {
  const property = fc.asyncProperty(calls, (steps) =>
    withTwins((real, twin) => compareInTurn(real, twin, steps)),
  );
  await fc.assert(property, { numRuns: 20 });
});

it('does what its twin does when calls come all at once', async () => {
  const property = fc.asyncProperty(callsAtOnce, (steps) =>
    withTwins((real, twin) => compareAtOnce(real, twin, steps)),
  );
  await fc.assert(property, { numRuns: 10 });
});
