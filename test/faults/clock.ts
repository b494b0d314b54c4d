/**
 * The time of day jumps. Setting this machine's clock would disturb everything else on it, and a clock of its own cannot be given to one
 * process without a library that need not be there: so this is left to the simulation, which owns every clock and lets them jump.
 */
import { skip } from './support/script.ts';

skip(
  'clock',
  'no process here has a time of day of its own; jumps of the clock are tried by "make simulate" (docs/simulation.md)',
);
