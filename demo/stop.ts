/** Ends what `make demo KEEP=1` has left running. */
import { endLeftovers } from './leftovers.ts';
import { DATA, OUT } from './stage.ts';

const ended = await endLeftovers(OUT, DATA);
console.log(ended === 0 ? 'demo: nothing is running' : `demo: ended ${ended} processes`);
