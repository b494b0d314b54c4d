import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../src/ports/store.ts';
import { rootOfEntries } from '../support/memory-store.ts';
import { aDeployment, aSystemEvent, anAppend, resumed } from '../support/store-samples.ts';

/** RFC 6962: the hash of no leaves is the hash of nothing. */
const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export function auditContract(store: () => Store): void {
  describe('audit', () => {
    it('begins with the empty tree', async () => {
      assert.deepEqual(await store().sequenceAudit(), { size: 0, root: SHA256_OF_NOTHING });
      assert.deepEqual(await store().auditEntries(0, 10), []);
    });

    it('has one entry for each event, in order, from the moment it is integrated', async () => {
      const append = anAppend({ deployments: [aDeployment('d1')], events: [resumed('d1', 0, 'ann')] });
      const lane = await store().append(append);
      const system = await store().record([aSystemEvent('event.refused')], [], null);
      assert.ok(lane.ok && system.ok);
      assert.deepEqual(await store().auditEntries(0, 10), [], 'not integrated yet');
      await store().sequenceAudit();
      const entries = await store().auditEntries(0, 10);
      assert.deepEqual(
        entries.map(({ index, entry }) => [index, entry['event_id'], entry['event_type'], entry['actor']]),
        [
          [0, lane.events[0]?.id, 'deployment.resumed', 'ann'],
          [1, system.events[0]?.id, 'event.refused', 'spillway'],
        ],
      );
      assert.deepEqual(entries[0]?.entry, {
        event_id: lane.events[0]?.id,
        event_type: 'deployment.resumed',
        timestamp: '1970-01-01T00:00:00.000Z',
        actor: 'ann',
        category: 'deployment',
        action: 'resume',
        status: 'success',
        target: 'shop/production',
        version: '1.4.0',
        reason: null,
        ip_address: null,
        user_agent: null,
        deployment_id: 'd1',
        environment: 'production',
        details: {},
      });
      for (const { salt } of entries) assert.match(salt, /^[0-9a-f]{32}$/);
      assert.notEqual(entries[0]?.salt, entries[1]?.salt);
    });

    it('has the root that anyone computes from the entries alone, however they were integrated', async () => {
      let version = 0;
      for (const count of [1, 2, 0, 5, 8, 1]) {
        const events = Array.from({ length: count }, (_, n) => resumed('d1', n));
        await store().append(anAppend({ expectedVersion: version, events }));
        version += 1;
        const { size, root } = await store().sequenceAudit();
        const entries = await store().auditEntries(0, 100);
        assert.equal(entries.length, size);
        assert.equal(root, rootOfEntries(entries));
      }
      assert.equal((await store().sequenceAudit()).size, 17);
      assert.deepEqual(
        (await store().auditEntries(3, 2)).map((entry) => entry.index),
        [3, 4],
      );
      assert.deepEqual(await store().auditEntries(17, 2), []);
    });
  });
}
