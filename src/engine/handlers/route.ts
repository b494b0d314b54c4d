import { SpillwayError } from '../../core/errors.ts';
import { routeOf } from '../../core/ids.ts';
import type { Revision } from '../../core/release.ts';
import { ALL, NONE } from '../../core/weights.ts';
import { observeFleet } from '../fleet.ts';
import { carries, revisionsOf, routingFor, type Lack, type Split } from '../routing.ts';
import type { Scope } from './scope.ts';

/**
 * Observes the instances, sets the routing that they allow under the task's fence, and observes that it holds.
 * @returns the lack of instances for which nothing was set; null when it holds
 * @throws SpillwayError `stale_fence` when a newer holder has acted
 */
export async function route(split: Split, { world, lane, deployment, fence }: Scope): Promise<Lack | null> {
  if (split.canary === null && split.stable !== null) await leaveAtOnce(split.stable, { world, lane, fence });
  const { instances } = await observeFleet(world, lane, revisionsOf(split));
  const runtime = (split.canary?.revision ?? split.stable)?.runtime ?? deployment.plan.runtime;
  const routing = routingFor({ lane, runtime, rollout: deployment.id }, split, instances);
  if ('lack' in routing) return routing;
  const traffic = await world.traffic(runtime.traffic.type);
  const before = await traffic.observe(routing.route);
  if (before === undefined && routing.arms.length === 0) return null;
  await traffic.set(routing, fence);
  const seen = await traffic.observe(routing.route);
  if (seen !== undefined && seen.fence > fence)
    throw new SpillwayError('stale_fence', `${routing.route} was set by a newer holder meanwhile`);
  if (!carries(seen, routing))
    throw new SpillwayError('unavailable', `${routing.route} does not carry the weights that were set`);
  return null;
}

/**
 * Gives all of the traffic to a revision that carries some of it already, before anybody looks at instances: a canary that hangs
 * must not delay its own end by the time that its health check takes. What follows looks, and sets it right. One that carries
 * nothing may have died unnoticed: it gets traffic only once it was seen to be ready.
 */
async function leaveAtOnce(stable: Revision, scope: Pick<Scope, 'world' | 'lane' | 'fence'>): Promise<void> {
  const { world, lane, fence } = scope;
  const traffic = await world.traffic(stable.runtime.traffic.type);
  const routing = (await traffic.observe(routeOf(lane)))?.routing;
  const carrying = (routing?.arms ?? []).filter((arm) => arm.weight > NONE);
  const mine = carrying.filter(({ revision }) => revision === stable.digest);
  const [known] = mine;
  if (routing === undefined || known === undefined || mine.length === carrying.length) return;
  const endpoints = mine.flatMap((arm) => arm.endpoints);
  await traffic.set({ ...routing, arms: [{ ...known, arm: 'stable', weight: ALL, endpoints }] }, fence);
}
