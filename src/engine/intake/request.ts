import type { Config } from '../../config/config.ts';
import { matchTriggers, type Match } from '../../config/match.ts';
import { environmentOf, planFor } from '../../config/plan.ts';
import { SpillwayError } from '../../core/errors.ts';
import { deploymentId, environmentName, type ApplicationName, type LaneId } from '../../core/ids.ts';
import type { Command } from '../../core/input.ts';
import type { Source } from '../../ports/source.ts';
import type { TriggerEvent } from '../../ports/trigger.ts';
import { answerTo, wayBack } from '../go-back.ts';
import type { Lanes } from '../lanes.ts';
import type { World } from '../world.ts';
import type { Configurations } from './configuration.ts';

/** What an event meant for one application, and why. */
export interface Answer {
  readonly application: ApplicationName;
  readonly outcome: 'matched' | 'ignored' | 'rejected';
  readonly reason: string;
  /** What is wrong with the configuration, each with its place. */
  readonly problems: readonly string[];
  readonly triggers: ReadonlyArray<{
    readonly trigger: number | null;
    readonly matched: boolean;
    readonly why: string;
  }>;
  readonly deployments: ReadonlyArray<{ readonly environment: string; readonly deployment: string }>;
}

/** A trigger that was set off; by hand also without one. */
type Asked = Omit<Match, 'trigger'> & { readonly trigger: number | null };

/** What looking at an event takes. */
export interface Desk {
  readonly world: World;
  readonly lanes: Lanes;
  readonly configurations: Configurations;
}

/**
 * Reads the configuration at the event's commit and asks for what its triggers say.
 * @throws SpillwayError `unavailable` when the repository does not answer now; others say what is wrong with the event
 */
export async function requestMatched(
  { world, lanes, configurations }: Desk,
  application: ApplicationName,
  event: TriggerEvent,
): Promise<Answer> {
  const source = await world.applications.source(application);
  const commit = event.commitSha ?? (await source.resolve(event.gitRef ?? event.version ?? 'HEAD')).commit;
  const read = await configurations.at(application, source, commit);
  if (!read.ok) {
    const reason = `the configuration has problems: ${read.problems.join('; ')}`;
    const { problems } = read;
    return { application, outcome: 'rejected', reason, problems, triggers: [], deployments: [] };
  }
  const { config } = read;
  const changed = await changedPaths(source, event, commit);
  const { matches, misses } = matchTriggers(config, event, changed);
  const asked = matches.length > 0 ? matches : byHand(config, event);
  const deployments = [];
  for (const one of asked) {
    const deployment = await ask(
      world,
      lanes,
      { application, environment: environmentName(one.environment) },
      {
        config,
        event,
        commit,
        asked: one,
      },
    );
    deployments.push({ environment: one.environment, deployment });
  }
  const triggers = [
    ...asked.map(({ trigger, why }) => ({ trigger, matched: true, why })),
    ...misses.map(({ trigger, why }) => ({ trigger, matched: false, why })),
  ];
  const reason = triggers.map(({ trigger, why }) => `${trigger ?? 'by hand'}: ${why}`).join('; ');
  const outcome = asked.length > 0 ? 'matched' : 'ignored';
  return { application, outcome, reason, problems: [], triggers, deployments };
}

/** What a person asks for needs no trigger where the configuration says nothing of dispatches. */
function byHand(config: Config, { type, metadata }: TriggerEvent): readonly Asked[] {
  const { environment } = metadata;
  const governed = config.triggers.some((trigger) => trigger.event === 'workflow_dispatch');
  if (type !== 'manual' || governed || typeof environment !== 'string') return [];
  return [{ action: 'deploy', environment, trigger: null, why: 'asked for by hand' }];
}

/** null = not known, as after a force push. */
async function changedPaths(source: Source, { metadata }: TriggerEvent, commit: string) {
  const { before } = metadata;
  if (typeof before !== 'string' || !/^[0-9a-f]{40}$/.test(before) || /^0+$/.test(before)) return null;
  try {
    return await source.changedPaths(before, commit);
  } catch (error) {
    if (error instanceof SpillwayError && error.code === 'not_found') return null;
    throw error;
  }
}

interface Cause {
  readonly config: Config;
  readonly event: TriggerEvent;
  readonly commit: string;
  readonly asked: Asked;
}

/** @returns the id of the deployment that the event led to; the same one when this is done again */
async function ask(world: World, lanes: Lanes, lane: LaneId, cause: Cause): Promise<string> {
  const { event } = cause;
  const before = await answerTo(world.store, lane, event.id);
  if (before !== undefined) return before.id;
  const command =
    cause.asked.action === 'rollback'
      ? await backCommand(world, lanes, lane, cause)
      : deployCommand(world, cause);
  const { refused } = await lanes.submit(lane, { at: world.system.now(), actor: event.actor, ...command });
  if (refused !== null) throw new SpillwayError(refused.code, refused.reason);
  return 'deployment' in command ? command.deployment : '';
}

function deployCommand(
  world: World,
  { config, event, commit, asked }: Cause,
): Extract<Command, { type: 'request' }> {
  const { environment, trigger } = asked;
  environmentOf(config, environment);
  return {
    type: 'request',
    deployment: deploymentId(world.system.id()),
    kind: 'release',
    plan: planFor(config, environment, trigger ?? undefined),
    request: {
      event: event.id,
      trigger: event.type,
      actor: event.actor,
      ref: event.gitRef,
      commit,
      version: event.version,
      reason: textIn(event, 'reason'),
      retryOf: asRetry(event),
      revision: null,
      emergency: false,
    },
  };
}

async function backCommand(world: World, lanes: Lanes, lane: LaneId, { event }: Cause): Promise<Command> {
  const { store, system } = world;
  const to = event.version;
  const reason = textIn(event, 'reason') ?? `asked for by the event ${event.id}`;
  const request = { lane, to, emergency: false, reason, actor: event.actor, event: event.id };
  const back = await wayBack(store, system, await lanes.lane(lane), request);
  if (!back.ok) throw new SpillwayError('not_found', back.reason);
  if (back.command.type !== 'request') return back.command;
  return { ...back.command, request: { ...back.command.request, trigger: event.type } };
}

function textIn({ metadata }: TriggerEvent, key: string): string | null {
  const value = metadata[key];
  return typeof value === 'string' ? value : null;
}

function asRetry(event: TriggerEvent) {
  const retried = textIn(event, 'retry_of');
  return retried === null ? null : deploymentId(retried);
}
