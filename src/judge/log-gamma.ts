/** Stirling's series needs an argument of this size to be exact in double precision. */
const LARGE = 12;
/** B_2k / (2k (2k - 1)) for k = 1, 2, ... */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360];

/**
 * ln of the gamma function, by Stirling's series (NIST DLMF 5.11.1) after the recurrence has made the argument large.
 * @param z above 0
 */
export function logGamma(z: number): number {
  let shifted = z;
  let product = 1;
  while (shifted < LARGE) {
    product *= shifted;
    shifted += 1;
  }
  let series = 0;
  let power = shifted;
  for (const term of STIRLING) {
    series += term / power;
    power *= shifted * shifted;
  }
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product)
  );
}

/** ln of the beta function, `B(a, b) = G(a) G(b) / G(a + b)` (NIST DLMF 5.12.1). */
export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);
