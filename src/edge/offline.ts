import { SpillwayError } from '../core/errors.ts';
import { ALL, NONE } from '../core/weights.ts';
import { askEdge } from './client.ts';
import { edgePaths } from './paths.ts';
import type { RoutedArm, Routing } from './routing.ts';
import { readState, type KeptRoute } from './state.ts';
import type { WireRoute, WireStatus } from './wire.ts';

/** What can be known of an edge without Spillway's server. */
export type EdgeReport =
  | { readonly alive: true; readonly status: WireStatus }
  | { readonly alive: false; readonly kept: readonly KeptRoute[] };

/** The edge's own word; when it is dead, the routes that it will take up again. */
export async function edgeReport(dir: string): Promise<EdgeReport> {
  try {
    return { alive: true, status: await askEdge<WireStatus>(dir, { method: 'GET', path: '/status' }) };
  } catch (error) {
    if (!(error instanceof SpillwayError) || error.code !== 'unavailable') throw error;
    return { alive: false, kept: await readState(edgePaths(dir).state) };
  }
}

/**
 * A person's order: everything to the stable arm, without server, login or database. It is set under the fence after the last
 * one, so that whatever was decided before is refused from then on. A server that acts later draws newer fences: pause or
 * abort its rollout too, or it may shift again.
 * @param only the route to change; all of them when not given
 * @returns the routes changed
 * @throws SpillwayError `unavailable` when the edge is dead; `conflict` when a stable arm has no endpoint, and then nothing has
 *   changed; `not_found` when no such route is known
 */
export async function allToStable(dir: string, only?: string): Promise<readonly string[]> {
  const known = await askEdge<readonly WireRoute[]>(dir, { method: 'GET', path: '/routes' });
  const chosen = known.filter(({ routing }) => only === undefined || routing.route === only);
  if (chosen.length === 0) throw new SpillwayError('not_found', `the edge has no route ${only ?? 'at all'}`);
  const orders = chosen.map(({ routing, fence }) => ({ routing: stableOnly(routing), fence: fence + 1 }));
  for (const order of orders) {
    const path = `/routes/${encodeURIComponent(order.routing.route)}`;
    await askEdge(dir, { method: 'PUT', path, body: order });
  }
  return orders.map((order) => order.routing.route);
}

function stableOnly(routing: Routing): Routing {
  const arms = routing.arms.map((arm): RoutedArm => ({ ...arm, weight: arm.arm === 'stable' ? ALL : NONE }));
  if (arms.some((arm) => arm.weight === ALL && arm.endpoints.length > 0)) return { ...routing, arms };
  throw new SpillwayError('conflict', `${routing.route} has no stable instance to take the traffic`, {
    where: routing.route,
    hint: 'Start an instance of the last good release first.',
  });
}
