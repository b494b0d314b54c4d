/** The parts that traffic is split between. `baseline` is a fresh set of stable instances to compare with. */
export type ArmName = 'stable' | 'canary' | 'baseline';

/** A share of traffic in hundredths of a percent: 10_000 is everything. */
export type Weight = number & { readonly unit: 'basis-points' };
export const ALL = 10_000 as Weight;
export const NONE = 0 as Weight;

/** @param percent 0 to 100, rounded to a hundredth of a percent. */
export const weightOf = (percent: number) => Math.round(percent * 100) as Weight;
export const percentOf = (weight: Weight) => weight / 100;

/** Splits all traffic between stable and canary; the sum is ALL by construction. */
export const splitAt = (canary: Weight): Readonly<Record<'stable' | 'canary', Weight>> => ({
  stable: (ALL - canary) as Weight,
  canary,
});
