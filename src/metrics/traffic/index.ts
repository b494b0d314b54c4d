import { routeOf } from '../../core/ids.ts';
import { instant } from '../../core/time.ts';
import type { MetricArm, MetricSource } from '../../ports/metrics.ts';
import type { InstanceCounts, Traffic, TrafficCounts } from '../../ports/traffic.ts';
import type { Sample } from '../increase.ts';
import { SampleMemory } from '../memory.ts';
import { believable } from '../refusal.ts';

/** The counts of whoever carries the traffic. They are totals of this moment, so a window reaches back to where this source was first asked. */
export function trafficSource(traffic: Traffic): MetricSource {
  const memory = new SampleMemory();
  return {
    async window(query, arm, from, to) {
      const route = routeOf(query);
      const [counts, routed] = await Promise.all([traffic.counts(route), traffic.observe(route)]);
      // With a rollout the counts once per visitor begin anew, though the provider has not.
      const key = `${route} ${counts.rollout} ${arm.arm} ${arm.revision}`;
      memory.note(key, seenOf(counts, arm));
      const watermark = instant(Math.max(from, Math.min(to, memory.lastAt(key) ?? from)));
      const instances = memory.increases(key, from, watermark);
      for (const one of instances) believable(one);
      return {
        instances,
        unit: routed?.routing.sticky.by === 'cookie' ? 'client' : 'request',
        watermark,
        notes: instances.length === 0 ? [`no requests were routed to ${arm.version}`] : [],
      };
    },
  };
}

const seenOf = ({ instances, epoch, at }: TrafficCounts, arm: MetricArm): Map<string, Sample> =>
  new Map(
    instances.flatMap((one) =>
      one.arm === arm.arm && one.revision === arm.revision
        ? [[one.instance, sampleOf(one, epoch, at)] as const]
        : [],
    ),
  );

const sampleOf = (one: InstanceCounts, life: string, at: number): Sample => ({
  at,
  life,
  requests: one.requests,
  // A visitor's error may be counted a moment before the request that it belongs to.
  errors: Math.min(one.visitorErrors, one.requests),
  latency: one.latency.slice(),
});
