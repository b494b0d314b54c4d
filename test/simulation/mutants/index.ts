import type { Mutant } from './mutant.ts';
import { OF_THE_DRIVERS } from './drivers.ts';
import { OF_THE_RECORD } from './record.ts';
import { OF_THE_TASKS } from './tasks.ts';

/** Planted bugs. `make simulate-mutants` says in how many seeds each is found; one that is not found is a hole. */
export const MUTANTS: readonly Mutant[] = [...OF_THE_RECORD, ...OF_THE_TASKS, ...OF_THE_DRIVERS];
