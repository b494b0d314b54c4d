import type { Random } from './random.ts';

/** Probabilities further out than this many standard deviations are below 1e-20. */
const REACH = 10;

/** Draws from a Poisson distribution in constant time. */
export type CountSource = () => number;

/**
 * Walker's alias method (in Vose's form) over the distribution's whole numerical support: exact to the rounding of a double.
 * @param mean 0 or more; building costs about mean + 10 sqrt(mean) steps
 */
export function poisson(random: Random, mean: number): CountSource {
  if (mean === 0) return () => 0;
  const spread = REACH * Math.sqrt(mean) + REACH;
  const first = Math.max(0, Math.floor(mean - spread));
  const probabilities = probabilitiesFrom(first, Math.ceil(mean + spread), mean);
  const { keep, alias } = aliasTable(probabilities);
  const size = keep.length;
  return () => {
    const column = Math.floor(random.unit() * size);
    const index = random.unit() < (keep[column] as number) ? column : (alias[column] as number);
    return first + index;
  };
}

function probabilitiesFrom(first: number, last: number, mean: number): Float64Array {
  const log = new Float64Array(last - first + 1);
  let logFactorial = 0;
  for (let k = 2; k <= first; k++) logFactorial += Math.log(k);
  for (let k = first; k <= last; k++) {
    if (k > Math.max(1, first)) logFactorial += Math.log(k);
    log[k - first] = k * Math.log(mean) - mean - logFactorial;
  }
  const total = log.reduce((sum, value) => sum + Math.exp(value), 0);
  return log.map((value) => Math.exp(value) / total);
}

/** `keep[i]`: probability to stay in column i once it is drawn; otherwise `alias[i]` is taken. */
function aliasTable(probabilities: Float64Array) {
  const size = probabilities.length;
  const keep = probabilities.map((p) => p * size);
  const alias = new Uint32Array(size);
  const small: number[] = [];
  const large: number[] = [];
  keep.forEach((scaled, i) => (scaled < 1 ? small : large).push(i));
  while (small.length > 0 && large.length > 0) {
    const poor = small.pop() as number;
    const rich = large.at(-1) as number;
    alias[poor] = rich;
    keep[rich] = (keep[rich] as number) + (keep[poor] as number) - 1;
    if ((keep[rich] as number) < 1) small.push(large.pop() as number);
  }
  for (const i of [...small, ...large]) keep[i] = 1;
  return { keep, alias };
}
