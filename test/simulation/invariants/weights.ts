import { isActive } from '../../../src/core/deployment.ts';
import { instancesFor } from '../../../src/core/planner.ts';
import { ALL } from '../../../src/core/weights.ts';
import type { RoutedArm } from '../../../src/ports/traffic.ts';
import type { Invariant, Watched } from './invariant.ts';

/** What was seen of an instance may be as old as this: a look, a slow answer, a slow call. */
const BELIEVED = 20_000;

export const weightsFit: Invariant = {
  name: 'weights fit',
  says: "Weights in hundredths of a percent sum to 100%, never above an arm's ready capacity.",
  watch: (watched) => ({
    asked({ route, arms }) {
      const { violated } = watched;
      const sum = arms.reduce((total, { weight }) => total + weight, 0);
      if (arms.length > 0 && sum !== ALL) violated(`${route} is asked to carry ${sum} of ${ALL}`);
      for (const { arm, weight, endpoints } of arms)
        if (weight < 0 || !Number.isInteger(weight) || (weight > 0 && endpoints.length === 0))
          violated(`the ${arm} of ${route} is asked to carry ${weight} on ${endpoints.length} instances`);
    },
    changed({ before, routing }) {
      for (const arm of routing.arms) {
        const was =
          before?.arms.find((one) => one.revision === arm.revision && one.arm === arm.arm)?.weight ?? 0;
        if (arm.weight > was && arm.arm !== 'stable') checkCapacity(watched, routing.route, arm);
      }
    },
  }),
};

/** A share that grows needs its part of the instances that carry everything, each of them seen ready a moment ago. */
function checkCapacity(
  { chronicle, target, violated }: Watched,
  route: string,
  { arm, revision, weight, endpoints }: RoutedArm,
): void {
  const deployment = chronicle
    .lane(route)
    ?.deployments.find((one) => isActive(one.status.state) && one.revision?.digest === revision);
  if (deployment === undefined || deployment.revision === null) return;
  const needed = instancesFor(weight, deployment.revision.runtime.instances);
  const ready = endpoints.filter(({ instance }) => target.wasReady(instance, BELIEVED)).length;
  if (ready < needed)
    violated(`the ${arm} of ${route} gets ${weight} with ${ready} ready instances of ${needed}`);
}
