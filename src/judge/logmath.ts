/** A term this much smaller (in logarithms) is lost in the rounding of the larger one. */
const LOST = 40;

/** ln(e^a + e^b). Either may be -Infinity, the logarithm of nothing. */
export function logAddExp(a: number, b: number): number {
  const larger = Math.max(a, b);
  const smaller = Math.min(a, b);
  if (smaller === -Infinity || larger - smaller > LOST) return larger;
  return larger + Math.log1p(Math.exp(smaller - larger));
}

/** ln of the sum of e^v over all values; -Infinity for none. */
export function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (largest === -Infinity) return -Infinity;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}
