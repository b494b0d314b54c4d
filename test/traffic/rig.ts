import { instanceId, type RevisionDigest } from '../../src/core/ids.ts';
import { weightOf, type ArmName } from '../../src/core/weights.ts';
import type { Routing } from '../../src/ports/traffic.ts';

const ARMS: readonly ArmName[] = ['stable', 'canary', 'baseline'];
const INSTANCES = [0, 1];

/** @param portOf gives the port on which an instance answers */
export const routing = (
  shares: Partial<Record<ArmName, number>>,
  portOf: (instance: string) => number = () => 1,
): Routing => ({
  route: 'shop/production',
  listen: { host: '127.0.0.1', port: 0 },
  rollout: 'rollout-1',
  sticky: { by: 'none' },
  arms: ARMS.filter((arm) => shares[arm] !== undefined).map((arm) => ({
    arm,
    revision: `sha256:${arm}` as RevisionDigest,
    version: `version of ${arm}`,
    weight: weightOf(shares[arm] ?? 0),
    endpoints: INSTANCES.map((number) => {
      const instance = instanceId(`${arm}-${number}`);
      return { instance, host: '127.0.0.1', port: portOf(instance) };
    }),
  })),
});
