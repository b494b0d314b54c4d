import type { Outcome, Violation } from './simulation.ts';

/** What many seeds came to, in a form that survives the way between threads. */
export interface Figures {
  seeds: number;
  virtualMs: number;
  cpuMs: number;
  crashes: number;
  commits: number;
  deployments: number;
  readonly faults: Record<string, number>;
  readonly failed: Failure[];
}

export interface Failure extends Violation {
  readonly seed: number;
}

export const noFigures = (): Figures => ({
  seeds: 0,
  virtualMs: 0,
  cpuMs: 0,
  crashes: 0,
  commits: 0,
  deployments: 0,
  faults: {},
  failed: [],
});

export function addOutcome(figures: Figures, outcome: Outcome): void {
  figures.seeds += 1;
  figures.virtualMs += outcome.virtualMs;
  figures.crashes += outcome.crashes;
  figures.commits += outcome.commits;
  figures.deployments += outcome.deployments;
  for (const [kind, count] of outcome.faults) figures.faults[kind] = (figures.faults[kind] ?? 0) + count;
  for (const violation of outcome.violations) figures.failed.push({ seed: outcome.seed, ...violation });
}

export function addFigures(sum: Figures, more: Figures): void {
  sum.seeds += more.seeds;
  sum.virtualMs += more.virtualMs;
  sum.cpuMs += more.cpuMs;
  sum.crashes += more.crashes;
  sum.commits += more.commits;
  sum.deployments += more.deployments;
  for (const [kind, count] of Object.entries(more.faults)) sum.faults[kind] = (sum.faults[kind] ?? 0) + count;
  sum.failed.push(...more.failed);
}

/** For people: one line a figure. */
export function figureLines({ failed, faults, ...sum }: Figures): readonly string[] {
  const kinds = Object.entries(faults).toSorted(([, a], [, b]) => b - a);
  const each = (total: number) => (total / Math.max(1, sum.seeds)).toFixed(1);
  return [
    `seeds          ${sum.seeds}, ${each(sum.cpuMs)} ms of CPU each`,
    `virtual time   ${(sum.virtualMs / 3_600_000).toFixed(1)} h`,
    `deployments    ${sum.deployments}, ${each(sum.deployments)} a seed`,
    `commits        ${sum.commits}, ${each(sum.commits)} a seed`,
    `crashes        ${sum.crashes}, ${each(sum.crashes)} a seed`,
    `faults         ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'}`,
    `violations     ${failed.length}`,
  ];
}
