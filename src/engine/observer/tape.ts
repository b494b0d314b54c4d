import type { Deployment } from '../../core/deployment.ts';
import type { InstanceHistory, JudgeSettings, Tick } from '../../judge/index.ts';
import type { SeriesRow } from '../../ports/store.ts';
import { Watch } from './watch.ts';

/** Everything that the judge of one deployment was given. */
export interface JudgeTape {
  readonly settings: JudgeSettings;
  /** When the canary began to serve, epoch milliseconds. */
  readonly startedAt: number;
  readonly history: InstanceHistory;
  /** When each step began. */
  readonly steps: readonly number[];
  readonly ticks: readonly Tick[];
}

/** What the recorded series of a deployment says that its judge was given; null where it has seen nothing yet. */
export function tapeOf(deployment: Deployment, rows: readonly SeriesRow[]): JudgeTape | null {
  let begun: Pick<JudgeTape, 'settings' | 'startedAt' | 'history'> | undefined;
  const steps: number[] = [];
  const ticks: Tick[] = [];
  const _watch = new Watch(deployment, rows, {
    begin: (settings, startedAt, history) => (begun = { settings, startedAt, history }),
    step: (at) => void steps.push(at),
    tick: (tick) => void ticks.push(tick),
  });
  return begun === undefined ? null : { ...begun, steps, ticks };
}
