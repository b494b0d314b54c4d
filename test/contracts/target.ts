import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deploymentId, effectKey, environmentName, instanceId, type LaneId } from '../../src/core/ids.ts';
import type { Revision } from '../../src/core/release.ts';
import { milliseconds, seconds } from '../../src/core/time.ts';
import type { ObservedInstance, Target } from '../../src/ports/target.ts';

/** A target to try, with revisions that it can run. */
export interface TargetRig {
  readonly target: Target;
  readonly lane: LaneId;
  /** Folder of an artifact. */
  readonly artifact: string;
  /** Both become healthy. */
  readonly revisions: readonly [Revision, Revision];
  /** Its instances exit with code 3 soon after their start. */
  readonly crashing: Revision;
  remove(): Promise<void>;
}

const GRACE = seconds(5);

/** What the port promises, whatever stands behind it. */
export function targetContract(name: string, make: () => Promise<TargetRig>): void {
  describe(`the contract of a target: ${name}`, () => {
    let rig: TargetRig;
    let target: Target;
    let lane: LaneId;
    let first: Revision;
    let second: Revision;

    beforeEach(async () => {
      rig = await make();
      ({ target, lane } = rig);
      [first, second] = rig.revisions;
    });
    afterEach(async () => {
      const all = await target.observe(lane);
      await target.stop(
        lane,
        all.map((one) => one.id),
        milliseconds(0),
      );
      await rig.remove();
    });

    const start = (revision: Revision, count: number, key = 'k1') =>
      target.start({ key: effectKey(key), lane, deployment: deploymentId('d1'), revision, count });
    const ids = (all: readonly ObservedInstance[]) => all.map((one) => one.id).toSorted();
    const alive = async () => (await target.observe(lane)).filter((one) => one.alive);
    const until = async (holds: (all: readonly ObservedInstance[]) => boolean) => {
      for (let tries = 0; tries < 1000; tries++) {
        const all = await target.observe(lane);
        if (holds(all)) return all;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return assert.fail(`never came to be; last seen: ${JSON.stringify(await target.observe(lane))}`);
    };

    it('refuses to start what was not prepared', async () => {
      await assert.rejects(start(first, 1), { code: 'conflict' });
      assert.deepEqual(await target.observe(lane), []);
    });

    it('starts as many as asked for, each with an address of its own, and they become healthy', async () => {
      await target.prepare(lane, first, rig.artifact);
      await start(first, 2);
      const all = await until((some) => some.every((one) => one.health === 'healthy'));
      assert.equal(all.length, 2);
      assert.equal(new Set(all.map((one) => one.endpoint.port)).size, 2);
      for (const one of all) {
        assert.equal(one.revision, first.digest);
        assert.equal(one.endpoint.instance, one.id);
        assert.deepEqual([one.alive, one.stopping, one.exit], [true, false, null]);
      }
    });

    it('starts only what is missing, however often and under whatever key', async () => {
      await target.prepare(lane, first, rig.artifact);
      await target.prepare(lane, first, rig.artifact);
      await Promise.all([start(first, 2), start(first, 2), start(first, 2, 'k2')]);
      await start(first, 2);
      assert.equal((await alive()).length, 2);
      await start(first, 3, 'k3');
      assert.equal((await alive()).length, 3);
      await start(first, 1, 'k4');
      assert.equal((await alive()).length, 3, 'a start stops nothing');
    });

    it('tells the instances of a fresh baseline from those that serve, of the same revision', async () => {
      await target.prepare(lane, first, rig.artifact);
      const baseline = (count: number) =>
        target.start({
          key: effectKey('k2'),
          lane,
          deployment: deploymentId('d1'),
          revision: first,
          role: 'baseline',
          count,
        });
      await start(first, 2);
      await baseline(1);
      await baseline(1);
      const roles = async () => (await alive()).map((one) => one.role).toSorted();
      assert.deepEqual(await roles(), ['baseline', 'serving', 'serving']);
      const fresh = (await alive()).filter((one) => one.role === 'baseline');
      await target.stop(lane, ids(fresh), GRACE);
      assert.deepEqual(await roles(), ['serving', 'serving']);
      await start(first, 2, 'k3');
      assert.deepEqual(await roles(), ['serving', 'serving']);
    });

    it('runs two revisions side by side, and stops only what it is told to', async () => {
      await target.prepare(lane, first, rig.artifact);
      await target.prepare(lane, second, rig.artifact);
      await start(first, 2);
      await start(second, 1, 'k2');
      const old = (await alive()).filter((one) => one.revision === first.digest);
      assert.equal(old.length, 2);
      await target.stop(lane, ids(old), GRACE);
      const all = await target.observe(lane);
      assert.deepEqual(
        all.filter((one) => one.alive).map((one) => one.revision),
        [second.digest],
      );
      for (const one of all.filter((some) => some.revision === first.digest)) {
        assert.equal(one.stopping, true);
        assert.notEqual(one.exit, null);
      }
      await target.stop(lane, ids(old), GRACE);
      await target.stop(lane, [instanceId('0123456789ab-0-1')], GRACE);
    });

    it('starts new instances in place of stopped ones', async () => {
      await target.prepare(lane, first, rig.artifact);
      await start(first, 1);
      const [old] = ids(await alive());
      await target.stop(lane, old ? [old] : [], GRACE);
      await start(first, 1);
      const [fresh] = ids(await alive());
      assert.notEqual(fresh, undefined);
      assert.notEqual(fresh, old);
    });

    it('shows a crash until it is removed, and replaces it when asked', async () => {
      await target.prepare(lane, rig.crashing, rig.artifact);
      await start(rig.crashing, 1);
      const [crashed] = await until((all) => all.some((one) => one.exit !== null));
      assert.deepEqual([crashed?.alive, crashed?.stopping, crashed?.exit?.code], [false, false, 3]);
      assert.match(crashed?.detail ?? '', /exited with code 3/);
      await start(rig.crashing, 1);
      const both = await until((all) => all.length === 2 && all.every((one) => one.exit !== null));
      assert.equal(new Set(ids(both)).size, 2);
      await target.remove(lane, []);
      assert.deepEqual(await target.observe(lane), []);
    });

    it('removes what has ended and never what runs', async () => {
      await target.prepare(lane, first, rig.artifact);
      await target.prepare(lane, second, rig.artifact);
      await start(first, 1);
      await start(second, 1, 'k2');
      const [old] = (await alive()).filter((one) => one.revision === first.digest);
      await target.stop(lane, old ? [old.id] : [], GRACE);
      await target.remove(lane, [second.digest]);
      await target.remove(lane, [second.digest]);
      const left = await target.observe(lane);
      assert.deepEqual(
        left.map((one) => [one.revision, one.alive]),
        [[second.digest, true]],
      );
      await start(first, 1, 'k3'); // its files are still there
      assert.equal((await alive()).length, 2);
    });

    it('keeps lanes apart', async () => {
      const other: LaneId = { ...lane, environment: environmentName('elsewhere') };
      await target.prepare(lane, first, rig.artifact);
      await start(first, 1);
      assert.deepEqual(await target.observe(other), []);
      await target.stop(other, ids(await target.observe(lane)), GRACE);
      assert.equal((await alive()).length, 1);
    });

    it('gives the last lines of output', async () => {
      await target.prepare(lane, first, rig.artifact);
      await start(first, 1);
      const [one] = await until((all) => all.every((some) => some.health === 'healthy'));
      assert.ok(one);
      assert.equal((await target.logs(lane, one.id, 1)).length, 1);
      await assert.rejects(target.logs(lane, instanceId('0123456789ab-0-9'), 1), { code: 'not_found' });
    });
  });
}
