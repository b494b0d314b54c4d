/** A sequence of numbers from 0 to below 1: the same one for the same seed. */
export type Chance = () => number;

/** The generator sfc32 of Chris Doty-Humphrey's PractRand, which passes its tests; the seed is stretched as its author says. */
export function seededChance(seed: number): Chance {
  let a = seed | 0;
  let b = (seed / 4_294_967_296) | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Beyond this variance the normal approximation is taken: it is off by less than chance is. */
const NEARLY_NORMAL = 400;

/** How many of `marked` among `total` are met when `drawn` are drawn without putting any back. */
export function drawMarked(chance: Chance, total: number, marked: number, drawn: number): number {
  if (drawn >= total) return marked;
  // Which side is called marked and which drawn is all one; the smaller is walked through.
  const few = Math.min(marked, drawn);
  const many = Math.max(marked, drawn);
  const mean = (few * many) / total;
  const variance = (mean * (1 - many / total) * (total - few)) / Math.max(1, total - 1);
  if (variance > NEARLY_NORMAL)
    return clamp(normal(chance, mean, variance), Math.max(0, few + many - total), few);
  let met = 0;
  for (let i = 0; i < few; i++) if (chance() * (total - i) < many - met) met++;
  return met;
}

/** How many of n independent trials succeed. */
export function drawBinomial(chance: Chance, n: number, p: number): number {
  if (p > 0.5) return n - drawBinomial(chance, n, 1 - p);
  if (p <= 0 || n <= 0) return 0;
  const mean = n * p;
  if (mean * (1 - p) > NEARLY_NORMAL) return clamp(normal(chance, mean, mean * (1 - p)), 0, n);
  // From success to success: the failures in between are geometric.
  const logMiss = Math.log1p(-p);
  let successes = -1;
  for (let at = 0; at <= n; successes++) at += Math.floor(Math.log(1 - chance()) / logMiss) + 1;
  return successes;
}

/** Standard normal by Box and Muller (Annals of Mathematical Statistics 29, 1958). */
export const standardNormal = (chance: Chance): number =>
  Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());

const normal = (chance: Chance, mean: number, variance: number) =>
  Math.round(mean + Math.sqrt(variance) * standardNormal(chance));

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
