import { SpillwayError } from '../../core/errors.ts';
import { routeOf } from '../../core/ids.ts';
import { labelOf } from '../../core/release.ts';
import { NONE, splitAt } from '../../core/weights.ts';
import type { RoutedArm } from '../../ports/traffic.ts';
import { observeFleet } from '../fleet.ts';
import { carries, revisionsOf, routingFor, type Lack, type Split } from '../routing.ts';
import type { Scope } from './scope.ts';

/**
 * Observes the instances, sets the routing that they allow under the task's fence, and observes that it holds.
 * @returns the lack of instances for which nothing was set; null when it holds
 * @throws SpillwayError `stale_fence` when a newer holder has acted
 */
export async function route(split: Split, scope: Scope): Promise<Lack | null> {
  const { world, lane, deployment, fence } = scope;
  await leaveAtOnce(split, scope);
  const { instances } = await observeFleet(world, lane, revisionsOf(split));
  const runtime = (split.canary?.revision ?? split.stable)?.runtime ?? deployment.plan.runtime;
  const routing = routingFor({ lane, runtime, rollout: deployment.id }, split, instances);
  if ('lack' in routing) return routing;
  const traffic = await world.traffic(runtime.traffic.type);
  scope.signal.throwIfAborted();
  // Also where there is nothing to withdraw yet: the provider then knows the fence, and refuses a shift that was called off and comes late.
  await traffic.set(routing, fence);
  const seen = await traffic.observe(routing.route);
  if (seen !== undefined && seen.fence > fence)
    throw new SpillwayError('stale_fence', `${routing.route} was set by a newer holder meanwhile`);
  if (!carries(seen, routing))
    throw new SpillwayError('unavailable', `${routing.route} does not carry the weights that were set`);
  return null;
}

/**
 * Gives stable what the canary has to give back, before anybody looks at instances: a canary that hangs must not delay its own end by
 * the time that its health check takes. What follows looks, and sets it right. A stable version that carries nothing may have died
 * unnoticed: it gets traffic unseen only where the observer saw it ready a moment ago.
 */
async function leaveAtOnce({ stable, canary }: Split, scope: Scope): Promise<void> {
  if (stable === null) return;
  const traffic = await scope.world.traffic(stable.runtime.traffic.type);
  const routing = (await traffic.observe(routeOf(scope.lane)))?.routing;
  if (routing === undefined) return;
  const carrying = routing.arms.filter(({ revision, weight }) => revision === stable.digest && weight > NONE);
  const weights = splitAt(canary?.weight ?? NONE);
  const carried = carrying.reduce((sum, { weight }) => sum + weight, 0);
  if (carried >= weights.stable) return;
  const known = carrying.flatMap((arm) => arm.endpoints);
  const endpoints = known.length > 0 ? known : scope.lastReady(stable.digest);
  const rest = routing.arms.find(({ revision }) => revision === canary?.revision.digest);
  if (endpoints.length === 0 || (canary !== null && rest === undefined)) return;
  const arms: RoutedArm[] = [
    { arm: 'stable', revision: stable.digest, version: labelOf(stable), weight: weights.stable, endpoints },
    ...(rest === undefined ? [] : [{ ...rest, weight: weights.canary }]),
  ];
  scope.signal.throwIfAborted();
  await traffic.set({ ...routing, arms }, scope.fence);
}
