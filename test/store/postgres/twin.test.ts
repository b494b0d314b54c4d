import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Store } from '../../../src/ports/store.ts';
import { openPostgresStore } from '../../../src/store/postgres/index.ts';
import { seededChance } from '../../support/chance.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { noPostgres } from '../../support/postgres.ts';
import { realSystem } from '../../support/real-system.ts';
import { calls, compareAtOnce, compareInTurn, writesAtOnce } from '../random-calls.ts';
import { clusterOfSuite } from './cluster.ts';

/** Each run has a database of its own, also those that look for a smaller case after a failure. */
const RUNS = { numRuns: 5, interruptAfterTimeLimit: 20_000 };

describe('PostgreSQL and its twin', { skip: noPostgres ?? false }, () => {
  const cluster = clusterOfSuite();

  async function withTwins(compare: (real: Store, twin: Store) => Promise<void>): Promise<void> {
    const url = await cluster.database();
    const real = await openPostgresStore({ url, system: { ...realSystem, ...seededChance(7) } });
    const chance = seededChance(7);
    // The store has drawn its own name.
    chance.id();
    await compare(real, memoryStore(chance)).finally(() => real.close());
  }

  it('do the same, call by call and in the end', async () => {
    const property = fc.asyncProperty(calls, (steps) =>
      withTwins((real, twin) => compareInTurn(real, twin, steps)),
    );
    await fc.assert(property, RUNS);
  });

  it('do the same when calls come all at once', async () => {
    const property = fc.asyncProperty(writesAtOnce, (steps) =>
      withTwins((real, twin) => compareAtOnce(real, twin, steps)),
    );
    await fc.assert(property, RUNS);
  });
});
