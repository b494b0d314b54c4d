import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Deployment } from '../../core/deployment.ts';
import { tickToJson, type InstanceHistory, type JudgeSettings, type TickJson } from '../../judge/index.ts';
import type { SeriesRow } from '../../ports/store.ts';
import { isMetered } from './series.ts';
import { Watch } from './watch.ts';

/** Everything that the judge of one deployment was given. */
export interface JudgeTape {
  readonly settings: JudgeSettings;
  /** When the canary began to serve, epoch milliseconds. */
  readonly startedAt: number;
  readonly history: InstanceHistory;
  /** When each step began. */
  readonly steps: readonly number[];
  /** As JSON, which takes a small part of the room. */
  readonly ticks: readonly TickJson[];
}

/** Between so many looks others get their turn: a day has 86,400 of them. */
const TURN = 500;

/** What the recorded series of a deployment says that its judge was given; null where it has seen nothing yet. */
export function tapeOf(deployment: Deployment, rows: readonly SeriesRow[]): JudgeTape | null {
  const { watch, tape } = recording(deployment);
  for (const row of judgedRows(deployment, rows)) watch.replay(row);
  return tape();
}

/** The same, while others get their turn. */
export async function tapeInTurns(
  deployment: Deployment,
  rows: readonly SeriesRow[],
): Promise<JudgeTape | null> {
  const { watch, tape } = recording(deployment);
  await replayInTurns(watch, judgedRows(deployment, rows));
  return tape();
}

/** Gives a judge what was recorded, while others get their turn. */
export async function replayInTurns(watch: Watch, rows: readonly SeriesRow[]): Promise<void> {
  for (const [index, row] of rows.entries()) {
    watch.replay(row);
    if (index % TURN === TURN - 1) await nextTurn();
  }
}

/** Those of whoever counts for the judge. */
export const judgedRows = ({ plan }: Deployment, rows: readonly SeriesRow[]): readonly SeriesRow[] =>
  rows.filter((row) => isMetered(row) === (plan.analysis.metrics !== undefined));

function recording(deployment: Deployment) {
  let begun: Pick<JudgeTape, 'settings' | 'startedAt' | 'history'> | undefined;
  const steps: number[] = [];
  const ticks: TickJson[] = [];
  const watch = new Watch(deployment, [], {
    begin: (settings, startedAt, history) => (begun = { settings, startedAt, history }),
    step: (at) => void steps.push(at),
    tick: (tick) => void ticks.push(tickToJson(tick)),
  });
  return { watch, tape: (): JudgeTape | null => (begun === undefined ? null : { ...begun, steps, ticks }) };
}
