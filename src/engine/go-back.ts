import type { Deployment } from '../core/deployment.ts';
import { deploymentId, type LaneId } from '../core/ids.ts';
import type { Command } from '../core/input.ts';
import type { Lane } from '../core/lane.ts';
import { labelOf, type Revision } from '../core/release.ts';
import type { Store } from '../ports/store.ts';
import type { Chance } from '../ports/system.ts';
import type { RollbackRequest } from './control-plane.ts';
import { watchedOf } from './observer/expected.ts';

/** So many deployments back a version is looked for. */
const LOOK_BACK = 500;

export type WayBack =
  { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly reason: string };

/** Deployments of a lane among which the answer to an event is looked for. */
const ANSWERED = 100;

/** What this event led to already: the deployment that it asked for, or the one that it ended. */
export async function answerTo(
  store: Pick<Store, 'deployments'>,
  lane: LaneId,
  event: string,
): Promise<Deployment | undefined> {
  const known = await store.deployments({ lane, limit: ANSWERED });
  return known.find(({ request, abortedBy }) => request.event === event || abortedBy === event);
}

/** What a person who wants to go back has to ask of the lane. */
export async function wayBack(
  store: Pick<Store, 'deployments'>,
  chance: Chance,
  lane: Lane,
  request: RollbackRequest,
): Promise<WayBack> {
  const underWay = watchedOf(lane);
  // While it goes back already, this is refused: asked twice, it must not go back two versions.
  if (request.to === null && underWay !== undefined) return { ok: true, command: abortOf(underWay, request) };

  const live = await store.deployments({
    lane: lane.id,
    states: ['completed', 'monitoring'],
    limit: LOOK_BACK,
  });
  const serving = lane.environment.serving?.digest;
  const revision =
    request.to === null
      ? live.find((one) => one.revision?.digest === serving)?.previous
      : live.find((one) => one.revision?.digest !== serving && isNamed(one, request.to))?.revision;
  const brought = live.find((one) => one.revision?.digest === revision?.digest);
  if (!revision || !brought) return { ok: false, reason: whyNot(live, request.to) };
  return { ok: true, command: rollbackTo(revision, brought, chance, request) };
}

const abortOf = ({ id }: Deployment, { reason, event }: RollbackRequest): Command => ({
  type: 'abort',
  deployment: id,
  reason,
  event,
});

/** By version (`1.4.0`, `1.4.0 (config 3)`), or by the first digits of its digest, with or without `sha256:`. */
function isNamed({ revision }: Deployment, name: string | null): boolean {
  if (revision === null || name === null || name === '') return false;
  const { digest, release } = revision;
  if (labelOf(revision) === name || release.version === name) return true;
  return digest.startsWith(name) || digest.startsWith(`sha256:${name}`);
}

function whyNot(live: readonly Deployment[], name: string | null): string {
  if (name === null) return 'nothing carried the traffic before what carries it now';
  const labels = live.flatMap(({ revision }) => (revision === null ? [] : [labelOf(revision)]));
  const known = [...new Set(labels)].slice(0, 5).join(', ');
  return `${name} was never live here, or carries the traffic now; known: ${known === '' ? 'none' : known}`;
}

/** It is deployed as it was before, gates left out: they were passed then. */
function rollbackTo(
  revision: Revision,
  brought: Deployment,
  chance: Chance,
  { emergency, reason, actor, event }: RollbackRequest,
): Command {
  return {
    type: 'request',
    deployment: deploymentId(chance.id()),
    kind: 'rollback',
    plan: { ...brought.plan, runtime: revision.runtime, gates: [] },
    request: {
      event,
      trigger: 'manual',
      actor,
      ref: null,
      commit: revision.release.commit,
      version: revision.release.version,
      reason,
      retryOf: null,
      revision,
      emergency,
    },
  };
}
