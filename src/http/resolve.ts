import type { FastifyRequest } from 'fastify';
import type { Deployment } from '../core/deployment.ts';
import { SpillwayError } from '../core/errors.ts';
import { deploymentId } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { mayMean, shortId } from '../views/ids.ts';
import { summaryOf } from '../views/summary.ts';
import { id as idSchema, parse } from './input.ts';

/** Short ids are looked for among this many of the newest deployments. */
const RECENT = 1000;

/**
 * The deployment that `text` names: its id, or the end of it.
 * @throws SpillwayError `not_found`; `conflict` when it may mean several
 */
export async function findDeployment({ store }: ControlPlane, text: unknown): Promise<Deployment> {
  const wanted = parse(idSchema, text);
  const exact = await store.deployment(deploymentId(wanted));
  if (exact) return exact;
  const recent = await store.deployments({ limit: RECENT });
  const [found, ...others] = recent.filter(({ id }) => mayMean(id, wanted));
  if (found === undefined)
    throw new SpillwayError('not_found', `there is no deployment ${wanted}`, {
      where: 'id',
      hint: 'List them: spillway get deployments',
    });
  if (others.length > 0)
    throw new SpillwayError('conflict', `${wanted} may mean several deployments`, {
      where: 'id',
      hint: `Say which: ${[found, ...others].map(nameOf).join(', ')}`,
    });
  return found;
}

/** The deployment that the path of a request names. */
export const deploymentIn = (controlPlane: ControlPlane, { params }: FastifyRequest): Promise<Deployment> =>
  findDeployment(controlPlane, (params as { readonly id?: unknown }).id);

function nameOf(deployment: Deployment): string {
  const { id, application, environment, version } = summaryOf(deployment);
  return `${id} (${application}/${environment} ${version}, ${shortId(id)})`;
}
