import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentId } from '../../../src/core/ids.ts';
import type { StoredEvent } from '../../../src/ports/store.ts';
import type { TinyRelease } from '../support/project.ts';
import { PATIENCE_MS, type Scenario } from '../support/scenario.ts';
import { settled, type Outcome } from './outcome.ts';
import type { Acknowledged, Act, CrashPoint } from './tripwire.ts';

/** What became of one release, undisturbed or with the server killed on the way. */
export interface Run {
  readonly point: CrashPoint | null;
  /** What each transition wrote, in order, up to the kill. */
  readonly transitions: readonly string[];
  /** Whether the server was killed; false also where there were fewer transitions than the point says. */
  readonly killed: boolean;
  readonly outcome: Outcome;
  /** Durable as the store or the API had said before the kill, and not there any more, or not the same. */
  readonly lost: readonly string[];
  /** Milliseconds from the start of the new server's process until it had taken up the deployment; null: nothing was left to do. */
  readonly resumedAfterSpawn: number | null;
  /** The same from when it said that it was ready; 0 when it was before that. */
  readonly resumedAfterReady: number | null;
  /** Requests of users that failed. */
  readonly dropped: number;
}

/** Releases, kills the server at the point, starts it again, and waits for the end. */
export async function release(
  scenario: Scenario,
  wanted: TinyRelease,
  point: CrashPoint | null,
): Promise<Run> {
  const { journal, place, load } = scenario;
  const droppedBefore = load?.dropped ?? 0;
  writeFileSync(place.acts, '');
  await scenario.server.tell({ point });
  const commit = scenario.release(wanted);
  const killed = point !== null && (await diesOrEnds(scenario, commit));
  const before = actsIn(place.acts).length;
  const seen = [...journal.events];
  if (killed) await scenario.restart();
  const id = await scenario.deploymentOf(commit);
  const deployment = await scenario.end(id);
  const outcome = await settled(scenario, deployment, wanted.version);
  const acts = actsIn(place.acts);
  const untilKill = killed ? acts.slice(0, before) : acts;
  const resumed = killed ? resumedAt(acts.slice(before), id) : null;
  const { spawnedAt, readyAt } = scenario.server;
  return {
    point,
    transitions: untilKill.flatMap((act) => (act.kind === 'begun' ? [act.name] : [])),
    killed,
    outcome,
    lost: lostOf(await scenario.events(), seen, untilKill),
    resumedAfterSpawn: resumed && resumed - spawnedAt,
    resumedAfterReady: resumed && Math.max(0, resumed - readyAt),
    dropped: (load?.dropped ?? 0) - droppedBefore,
  };
}

/** @returns whether the server died before the release had come to its end */
async function diesOrEnds(scenario: Scenario, commit: string): Promise<boolean> {
  const over = performance.now() + PATIENCE_MS;
  while (scenario.server.running) {
    const id = scenario.requested(commit);
    if (id !== undefined && scenario.hasEnded(id)) return false;
    if (performance.now() > over) throw new Error(`${commit} neither ended nor met its point`);
    await sleep(5);
  }
  return true;
}

/** What a server's store did, oldest first. */
export function actsIn(file: string): readonly Act[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Act);
}

/**
 * The new server's first sign of work on the deployment: a task claimed, a look or a transition written. None where the kill came
 * after the last of it.
 */
function resumedAt(acts: readonly Act[], id: DeploymentId): number | null {
  const first = acts.find(
    (act) =>
      act.kind === 'durable' ||
      ((act.kind === 'claimed' || act.kind === 'looked') &&
        (act.deployment === id || act.deployment === null)),
  );
  return first?.at ?? null;
}

function lostOf(
  kept: readonly StoredEvent[],
  seen: readonly StoredEvent[],
  acts: readonly Act[],
): readonly string[] {
  const promised: readonly Acknowledged[] = [
    ...seen.map(({ sequence, id, event: { type }, deployment }) => ({ sequence, id, type, deployment })),
    ...acts.flatMap((act) => (act.kind === 'durable' ? act.events : [])),
  ];
  const nameOf = ({ id, type, deployment }: Omit<Acknowledged, 'sequence'>) => `${id} ${type} ${deployment}`;
  const found = new Map(
    kept.map(({ sequence, event: { type }, ...rest }) => [sequence, nameOf({ ...rest, type })]),
  );
  return promised.flatMap((event) =>
    found.get(event.sequence) === nameOf(event) ? [] : [`${event.sequence}: ${nameOf(event)}`],
  );
}
