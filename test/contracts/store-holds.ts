import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../src/ports/store.ts';

/** What a replica alone must find; what several must is tested where there can be several. */
export function holdContract(store: () => Store): void {
  describe('holds', () => {
    it('is one of those that have it open', async () => {
      const { self, live } = await store().peers();
      assert.ok(live.includes(self));
    });

    it('gives every name that is asked for, each with a fence of its own', async () => {
      const holds = await store().hold(['schedules', 'audit', 'watch/shop/production']);
      assert.deepEqual(holds.map(({ name }) => name).toSorted(), [
        'audit',
        'schedules',
        'watch/shop/production',
      ]);
      assert.equal(new Set(holds.map(({ fence }) => fence)).size, 3);
      assert.ok(holds.every(({ lost }) => !lost.aborted));
      assert.ok((await store().drawFence()) > Math.max(...holds.map(({ fence }) => fence)));
      assert.deepEqual(await store().hold([]), []);
    });

    it('gives a name again as the same hold, and after its release with a larger fence', async () => {
      const [first] = await store().hold(['audit']);
      const [same] = await store().hold(['audit']);
      assert.ok(first && same);
      assert.equal(same.fence, first.fence);
      await same.release();
      const [next] = await store().hold(['audit']);
      assert.ok(next && next.fence > first.fence);
      await first.release();
      assert.equal(
        (await store().hold(['audit']))[0]?.fence,
        next.fence,
        'an old release ends no later hold',
      );
    });

    it('gives a name once to calls at the same time', async () => {
      const holds = await Promise.all([store().hold(['a', 'b']), store().hold(['b', 'a'])]);
      const fences = (name: string) => holds.flat().flatMap((one) => (one.name === name ? one.fence : []));
      for (const name of ['a', 'b']) assert.equal(new Set(fences(name)).size, 1);
    });

    it('takes listeners for news, and lets them go', async () => {
      const forget = store().onNews(() => {});
      assert.equal(forget(), undefined);
    });
  });
}
