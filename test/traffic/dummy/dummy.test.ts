import assert from 'node:assert/strict';
import { it } from 'node:test';
import { instanceId } from '../../../src/core/ids.ts';
import { seconds } from '../../../src/core/time.ts';
import { bucketOf } from '../../../src/judge/histogram.ts';
import { createDummyTraffic } from '../../../src/traffic/dummy/index.ts';
import { trafficContract } from '../../contracts/traffic.ts';
import { realSystem } from '../../support/real-system.ts';
import { routing } from '../rig.ts';

const ROUTE = routing({ stable: 100 }).route;

trafficContract('dummy', async () => {
  const traffic = createDummyTraffic({ system: realSystem });
  return {
    traffic,
    routing,
    send: async (count, fail = false) => {
      for (let i = 0; i < count; i++) traffic.request(ROUTE).end(fail, 100);
    },
    visit: async (visitor, { fail = false, slow = false }) =>
      traffic.request(ROUTE, String(visitor)).end(fail, bucketOf(slow ? 30 : 1)),
    hold: async () => {
      const request = traffic.request(ROUTE);
      return async () => request.end(false, 100);
    },
    restart: async () => traffic.restart(),
    remove: async () => undefined,
  };
});

it('a fault before acting leaves all as it was; one after it loses only the answer', async () => {
  const faults = [undefined, 'before', 'after'] as const;
  const script = (method: string, call: number) => (method === 'set' ? faults[call - 1] : undefined);
  const traffic = createDummyTraffic({ system: realSystem, script });
  const canary = async () => (await traffic.observe(ROUTE))?.routing.arms[1]?.weight;
  await traffic.set(routing({ stable: 100, canary: 0 }), 1);
  await assert.rejects(traffic.set(routing({ stable: 90, canary: 10 }), 2), { code: 'unavailable' });
  assert.equal(await canary(), 0);
  await assert.rejects(traffic.set(routing({ stable: 90, canary: 10 }), 2), { code: 'unavailable' });
  assert.equal(await canary(), 1000);
  assert.deepEqual(
    traffic.calls.map((call) => call.method),
    ['set', 'set', 'observe', 'set', 'observe'],
  );
});

it('rejects a drain before the weight was taken away', async () => {
  const traffic = createDummyTraffic({ system: realSystem });
  await traffic.set(routing({ stable: 99, canary: 1 }), 1);
  const drain = () => traffic.drain(ROUTE, [instanceId('canary-0')], seconds(1));
  await assert.rejects(drain(), { code: 'conflict' });
  await traffic.set(routing({ stable: 100, canary: 0 }), 2);
  assert.equal(await drain(), 0);
});

it('splits by the weights without chance', async () => {
  const traffic = createDummyTraffic({ system: realSystem });
  await traffic.set(routing({ stable: 90, canary: 10 }), 1);
  const names = Array.from({ length: 100 }, () => traffic.request(ROUTE).instance);
  assert.equal(names.filter((name) => name.startsWith('canary')).length, 10);
});
