import type { Happening, Moment } from '../../../bench/judge/outcome.ts';
import { play, type Rollout } from '../../../bench/judge/run.ts';
import { failing } from '../../../bench/judge/scenarios.ts';
import type { Scenario } from '../../../bench/judge/stream/scenario.ts';
import { DEFAULT_SETTINGS, type JudgeSettings } from '../../../src/judge/index.ts';

/** A rollout whose canary is warm from the start. */
export const rollout = (
  scenario: Scenario,
  seconds: number,
  settings: Partial<JudgeSettings> = {},
): Rollout => ({
  scenario,
  seconds,
  settings: { ...DEFAULT_SETTINGS, warmUpMs: 0, plannedTicks: Math.max(1800, seconds), ...settings },
});

/** Both arms of a service fail equally often. */
export const twins = (rate: number): Scenario => ({ ...failing(rate, 1), name: 'twins' });

/** How often a thing happened in runs with the seeds 1 to `runs`, and when. */
export function happened(what: Happening, runs: number, of: Rollout) {
  const outcomes = Array.from({ length: runs }, (_, i) => play(of, i + 1));
  const moments = outcomes.flatMap(({ moments: { [what]: moment } }): Moment[] =>
    moment === undefined ? [] : [moment],
  );
  const quantile = (figure: keyof Moment, p: number) => {
    const sorted = moments.map((moment) => moment[figure]).toSorted((a, b) => a - b);
    return sorted[Math.ceil(p * runs) - 1] ?? Infinity;
  };
  return { times: moments.length, quantile, outcomes };
}
