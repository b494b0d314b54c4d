import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hunt } from './mutants/hunt.ts';
import { MUTANTS } from './mutants/index.ts';

/** Each of these is found within a few seeds; `make simulate-mutants` hunts them all. */
const QUICK: ReadonlyArray<readonly [name: string, seeds: number]> = [
  ['audit leaf missing', 40],
  ['no cancel on rollback', 40],
  ['drain skipped', 40],
  ['deadline dropped', 40],
  ['webhook answered before durable', 40],
];

describe('simulation of planted bugs', () => {
  for (const [name, seeds] of QUICK)
    it(`finds: ${name}`, async () => {
      const mutant = MUTANTS.find((one) => one.name === name);
      assert.ok(mutant !== undefined, `there is no bug ${name}`);
      assert.notEqual(await hunt(mutant, seeds, 1), undefined);
    });

  it('has a dozen of them, each with a name of its own', () => {
    assert.ok(MUTANTS.length >= 12);
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  });
});
