import { createDummyTraffic } from '../../src/traffic/dummy/index.ts';
import { applicationName, environmentName, type RevisionDigest } from '../../src/core/ids.ts';
import { seconds } from '../../src/core/time.ts';
import { trafficSource } from '../../src/metrics/traffic/index.ts';
import { metricSourceContract } from '../contracts/metric-source.ts';
import { VirtualSystem } from '../support/virtual-system.ts';
import { routing } from '../traffic/rig.ts';

metricSourceContract("the provider's own counts", async () => {
  const system = new VirtualSystem();
  const traffic = createDummyTraffic({ system });
  const { route, ...rest } = routing({ canary: 100 });
  await traffic.set({ ...rest, route }, 1);
  const source = trafficSource(traffic);
  const query = {
    application: applicationName('shop'),
    environment: environmentName('production'),
    settings: {},
  };
  const arm = {
    arm: 'canary' as const,
    version: 'version of canary',
    revision: 'sha256:canary' as RevisionDigest,
    instances: null,
  };
  const look = async () => void (await source.window(query, arm, system.now(), system.now()));
  return {
    source,
    query,
    arm,
    now: () => system.now(),
    serve: async (requests, errors) => {
      for (let i = 0; i < requests; i++) traffic.request(route).end(i < errors, 100);
    },
    settle: async () => {
      for (let i = 0; i < 3; i++) {
        await system.advance(seconds(1));
        await look();
      }
    },
    restart: async () => traffic.restart(),
    remove: async () => undefined,
  };
});
