import type { Measured } from '../../../bench/lib/report.ts';

/** A figure from the environment. */
export const number = (name: string, otherwise: number): number => Number(process.env[name] || otherwise);

/** A figure that has to be 0. */
export const none = (what: string, value: number): Measured => ({
  what,
  unit: '',
  value,
  bar: { on: 'value', atMost: 0 },
});
