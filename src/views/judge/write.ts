import type { Deployment } from '../../core/deployment.ts';
import type { LaneEvent } from '../../core/events.ts';
import type { Assessment, InstanceHistory, JudgeSettings, TickJson } from '../../judge/index.ts';
import { summaryOf } from '../summary.ts';
import type { JudgeRecord, RecordedVerdict } from './record.ts';

/** Everything that a deployment's judge was given. */
interface Given {
  readonly settings: JudgeSettings;
  readonly startedAt: number;
  readonly history: InstanceHistory;
  readonly steps: readonly number[];
  readonly ticks: readonly TickJson[];
}

/**
 * Writes the record of a deployment's judge.
 * @param events of the deployment, oldest first
 * @param latest the judge's latest look, while it still looks
 */
export function recordOf(
  deployment: Deployment,
  given: Given,
  events: readonly LaneEvent[],
  latest: Assessment | null,
): JudgeRecord {
  const { id, application, environment, version } = summaryOf(deployment);
  const { status } = deployment;
  const step = 'rollout' in status ? status.rollout.step : 0;
  return {
    record: 1,
    deployment: id,
    application,
    environment,
    version,
    settings: given.settings,
    started_at: given.startedAt,
    history: given.history,
    steps: given.steps,
    verdicts: events.flatMap((event) => (event.type === 'verdict.changed' ? [verdictOf(event)] : [])),
    latest: latest && { ...verdictOf({ ...latest, step, at: latest.record.context.now }) },
    ticks: given.ticks,
  };
}

function verdictOf(said: Omit<RecordedVerdict, 'record'> & { readonly record: object }): RecordedVerdict {
  const { at, step, verdict, rule, response, reason } = said;
  return { at, step, verdict, rule, response, reason, record: said.record as RecordedVerdict['record'] };
}

/** A record as text: JSON with a line for each verdict and tick, so that two of them can be compared line by line. */
export function recordText(record: JudgeRecord): string {
  const { verdicts, ticks, ...head } = record;
  const fields = Object.entries(head).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  );
  return `{${[...fields, `"verdicts":${linesOf(verdicts)}`, `"ticks":${linesOf(ticks)}`].join(',\n')}}\n`;
}

const linesOf = (items: readonly unknown[]): string =>
  items.length === 0 ? '[]' : `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
