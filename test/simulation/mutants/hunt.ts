import type { Batch } from '../batch.ts';
import { playAll } from '../pool.ts';
import { MUTANTS } from './index.ts';
import type { Mutant } from './mutant.ts';

const BATCH = 20;

/** How a planted bug was found. */
export interface Find {
  readonly seed: number;
  readonly invariant: string;
}

/** Plays seeds from 1 on until one fails. @returns undefined when none of `most` does */
export async function hunt({ name }: Mutant, most: number, threads: number): Promise<Find | undefined> {
  const batches: Batch[] = [];
  for (let from = 1; from <= most; from += BATCH)
    batches.push({ from, count: Math.min(BATCH, most - from + 1), mutant: name, untilFailure: true });
  let found: Find | undefined;
  await playAll(batches, threads, ({ failed: [first] }) => {
    if (first !== undefined && (found === undefined || first.seed < found.seed)) found = first;
    return first === undefined;
  });
  return found;
}

/** Hunts every planted bug. @returns whether all were found */
export async function huntAll(most: number, threads: number, say: (line: string) => void): Promise<boolean> {
  let all = true;
  for (const mutant of MUTANTS) {
    const found = await hunt(mutant, most, threads);
    all &&= found !== undefined;
    const where =
      found === undefined ? `NOT FOUND in ${most} seeds` : `seed ${found.seed}: ${found.invariant}`;
    say(`${mutant.name.padEnd(34)} ${where}`);
  }
  return all;
}
