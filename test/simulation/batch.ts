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

/** Nobody has waited for what was rejected: outside a simulation the server would have ended with it. */
const FORGOTTEN = { invariant: 'no promise is forgotten', says: 'What fails is handled, or tried again.' };

export async function playBatch({ from, count, mutant, untilFailure = false }: Batch): Promise<Figures> {
  // Errors are made by the thousand, and nobody reads their stacks.
  Error.stackTraceLimit = 0;
  const figures = noFigures();
  const began = process.threadCpuUsage();
  const forgotten: unknown[] = [];
  const note = (error: unknown) => void forgotten.push(error);
  process.on('unhandledRejection', note);
  const broken = MUTANTS.find(({ name }) => name === mutant);
  for (let seed = from; seed < from + count; seed++) {
    const outcome: Outcome = await simulate(seed, broken);
    addOutcome(figures, outcome);
    const rejected = forgotten.splice(0).map((error) => ({ seed, ...FORGOTTEN, what: String(error) }));
    figures.failed.push(...rejected);
    if (untilFailure && figures.failed.length > 0) break;
  }
  process.off('unhandledRejection', note);
  const { user, system } = process.threadCpuUsage(began);
  figures.cpuMs = (user + system) / 1000;
  return figures;
}
