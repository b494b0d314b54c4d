import type { Figures } from './figures.ts';
import { addOutcome, noFigures } from './figures.ts';
import { MUTANTS } from './mutants/index.ts';
import { simulate, type Outcome } from './simulation.ts';

/** Seeds one after the other, from `from` on. */
export interface Batch {
  readonly from: number;
  readonly count: number;
  /** The name of a planted bug. */
  readonly mutant?: string;
  /** Whether the first failure ends it. */
  readonly untilFailure?: boolean;
}

export async function playBatch({ from, count, mutant, untilFailure = false }: Batch): Promise<Figures> {
  // Errors are made by the thousand, and nobody reads their stacks.
  Error.stackTraceLimit = 0;
  const figures = noFigures();
  const began = process.threadCpuUsage();
  const broken = MUTANTS.find(({ name }) => name === mutant);
  for (let seed = from; seed < from + count; seed++) {
    const outcome: Outcome = await simulate(seed, broken);
    addOutcome(figures, outcome);
    if (untilFailure && outcome.violations.length > 0) break;
  }
  const { user, system } = process.threadCpuUsage(began);
  figures.cpuMs = (user + system) / 1000;
  return figures;
}
