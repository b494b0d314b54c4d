/** Milliseconds since the epoch (UTC). The core never reads a clock: instants come in as data. */
export type Instant = number & { readonly unit: 'epoch-ms' };
/** A length of time in milliseconds. */
export type Duration = number & { readonly length: 'ms' };

export const instant = (epochMs: number) => epochMs as Instant;
export const milliseconds = (n: number) => n as Duration;
export const seconds = (n: number) => milliseconds(n * 1000);
export const minutes = (n: number) => seconds(n * 60);
export const hours = (n: number) => minutes(n * 60);
export const days = (n: number) => hours(n * 24);

export const after = (at: Instant, wait: Duration) => (at + wait) as Instant;
export const elapsed = (from: Instant, to: Instant) => (to - from) as Duration;

const UNITS: ReadonlyArray<readonly [string, number]> = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** For people: the two largest units, as in `8m 32s`; under a second `340ms`. */
export function formatDuration(duration: Duration): string {
  if (duration < 1000) return `${Math.round(duration)}ms`;
  let rest = Math.round(duration / 1000) * 1000;
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.slice(0, 2).join(' ');
}
