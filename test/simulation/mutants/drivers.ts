import type { ObservedRoute, Routing, Traffic } from '../../../src/ports/traffic.ts';
import type { Weight } from '../../../src/core/weights.ts';
import type { Mutant } from './mutant.ts';

/** The same part, with some methods replaced: it keeps its own state in private fields. */
function replaced<Part extends object>(part: Part, methods: Partial<Part>): Part {
  return new Proxy(part, {
    get(_target, name) {
      const own = (methods as Record<PropertyKey, unknown>)[name];
      if (own !== undefined) return own;
      const value = Reflect.get(part, name, part) as unknown;
      return typeof value === 'function' ? (value.bind(part) as unknown) : value;
    },
  });
}

/** Rounds every share to whole tens of a percent, each by itself. */
const rounded = (routing: Routing): Routing => ({
  ...routing,
  arms: routing.arms.map((arm) => ({ ...arm, weight: (Math.floor(arm.weight / 10) * 10) as Weight })),
});

/** Bugs in what is done to the world. */
export const OF_THE_DRIVERS: readonly Mutant[] = [
  {
    name: 'fence off',
    does: 'lets whoever comes last set the traffic',
    provider: (traffic) =>
      replaced(traffic, {
        set: async (routing, fence) => {
          const seen = await traffic.observe(routing.route);
          return traffic.set(routing, Math.max(fence, seen?.fence ?? 0));
        },
      }),
  },
  {
    name: 'weights rounded',
    does: 'rounds each share by itself',
    traffic: (traffic) =>
      replaced(traffic, { set: (routing, fence) => traffic.set(rounded(routing), fence) }),
  },
  {
    name: 'what was asked is believed',
    does: 'takes what it has asked for for what is there',
    traffic: believing,
  },
  {
    name: 'drain skipped',
    does: 'ends instances without waiting for their requests',
    traffic: (traffic) => replaced(traffic, { drain: async () => 0 }),
  },
  {
    name: 'one instance too many',
    does: 'counts the first instance from 0',
    target: (target) =>
      replaced(target, { start: (request) => target.start({ ...request, count: request.count + 1 }) }),
  },
  {
    name: 'share before instances',
    does: 'sends a canary its share on a single instance',
    traffic: (traffic) =>
      replaced(traffic, {
        set: (routing, fence) =>
          traffic.set(
            {
              ...routing,
              arms: routing.arms.map((arm) => ({ ...arm, endpoints: arm.endpoints.slice(0, 1) })),
            },
            fence,
          ),
      }),
  },
  {
    name: 'counts of nobody',
    does: 'judges a canary by the answers of the stable version',
    traffic: (traffic) =>
      replaced(traffic, {
        counts: async (route) => {
          const counts = await traffic.counts(route);
          const instances = counts.instances.map((one) => ({ ...one, errors: 0, visitorErrors: 0 }));
          return { ...counts, instances };
        },
      }),
  },
];

function believing(traffic: Traffic): Traffic {
  const asked = new Map<string, ObservedRoute>();
  return replaced(traffic, {
    set: async (routing, fence) => {
      asked.set(routing.route, {
        routing,
        fence,
        arms: routing.arms.map((arm) => ({ ...arm, inFlight: 0 })),
      });
      return traffic.set(routing, fence);
    },
    observe: async (route) => asked.get(route) ?? traffic.observe(route),
  });
}
