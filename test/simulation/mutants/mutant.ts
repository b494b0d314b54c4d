import type { Database } from 'better-sqlite3';
import type { Target } from '../../../src/ports/target.ts';
import type { Traffic } from '../../../src/ports/traffic.ts';
import type { Run } from '../store/sim-store.ts';

/** A planted bug: it is put between the program and its surroundings, and the simulation must find it. */
export interface Mutant {
  readonly name: string;
  /** What a program with this bug would do. */
  readonly does: string;
  readonly store?: (run: Run, db: Database) => Run;
  /** On the side of the program. */
  readonly traffic?: (traffic: Traffic) => Traffic;
  readonly target?: (target: Target) => Target;
  /** On the side of what carries the requests. */
  readonly provider?: (traffic: Traffic) => Traffic;
}
