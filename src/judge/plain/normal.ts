const SQRT_2PI = Math.sqrt(2 * Math.PI);
/** Beyond this the tail is taken by its continued fraction, below it the body by its series; both then need few terms. */
const TAIL = 3;

/** P(Z <= z) of a standard normal Z, to about 15 digits (Abramowitz and Stegun 26.2.11 and 26.2.14). */
export function normalCdf(z: number): number {
  if (z < 0) return upperTail(-z);
  return 1 - upperTail(z);
}

/** P(Z > z) for z >= 0. */
function upperTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / SQRT_2PI;
  if (z < TAIL) {
    let term = z;
    let sum = z;
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let k = 120; k > 0; k--) fraction = z + k / fraction;
  return density / fraction;
}

/**
 * The z with P(Z <= z) = p.
 * @param p between 0 and 1, both excluded
 */
export function normalQuantile(p: number): number {
  let low = -40;
  let high = 40;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
