/** The machine's own clock, timers and chance, for tests on real parts. */
export { hostSystem as realSystem } from '../../src/exec/system.ts';
