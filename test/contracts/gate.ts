import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  applicationName,
  artifactDigest,
  deploymentId,
  effectKey,
  environmentName,
} from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { GatePlan } from '../../src/core/plan.ts';
import { milliseconds, minutes } from '../../src/core/time.ts';
import type { GateContext, GateRunner } from '../../src/ports/gate.ts';

/** A runner to try, with settings that come to each end. */
export interface GateRig {
  readonly runner: GateRunner;
  readonly type: string;
  readonly artifact: string;
  readonly passing: JsonObject;
  readonly failing: JsonObject;
  readonly warning: JsonObject;
  /** Runs until it is ended. */
  readonly endless: JsonObject;
  /** Whether anything of the endless one still runs. */
  running(): boolean;
  remove(): Promise<void>;
}

export const gatePlan = (type: string, settings: JsonObject, timeout = minutes(1)): GatePlan => ({
  name: 'test',
  timeout,
  onFailure: 'block',
  needs: [],
  run: { type, settings },
});

export const gateContext = (artifact: string, more: Partial<GateContext> = {}): GateContext => ({
  key: effectKey('d1/1'),
  lane: { application: applicationName('shop'), environment: environmentName('staging') },
  deployment: deploymentId('d1'),
  release: {
    application: applicationName('shop'),
    version: '1.4.0',
    commit: 'c'.repeat(40),
    artifact: artifactDigest(`sha256:${'a'.repeat(64)}`),
  },
  artifact,
  ref: 'refs/heads/main',
  signal: new AbortController().signal,
  ...more,
});

/** What the port promises, whatever stands behind it. */
export function gateContract(name: string, make: () => Promise<GateRig>): void {
  describe(`the contract of a gate runner: ${name}`, () => {
    let rig: GateRig;
    beforeEach(async () => {
      rig = await make();
    });
    afterEach(() => rig.remove());

    const run = (
      settings: JsonObject,
      timeout?: ReturnType<typeof minutes>,
      more: Partial<GateContext> = {},
    ) => rig.runner.run(gatePlan(rig.type, settings, timeout), gateContext(rig.artifact, more));

    it('says pass, warn or fail with a reason and where the evidence is', async () => {
      for (const [settings, verdict] of [
        [rig.passing, 'pass'],
        [rig.warning, 'warn'],
        [rig.failing, 'fail'],
      ] as const) {
        const outcome = await run(settings);
        assert.equal(outcome.verdict, verdict, outcome.reason);
        assert.notEqual(outcome.reason, '');
        assert.ok(outcome.evidence !== null && existsSync(outcome.evidence));
      }
    });

    it('says the same when it is repeated', async () => {
      assert.deepEqual(await run(rig.passing), await run(rig.passing));
    });

    it('fails past its timeout, and leaves nothing running', async () => {
      const outcome = await run(rig.endless, milliseconds(300));
      assert.deepEqual([outcome.verdict, outcome.reason], ['fail', 'took longer than 300ms']);
      assert.equal(rig.running(), false);
    });

    it('ends when it is called off, and leaves nothing running', async () => {
      const control = new AbortController();
      setTimeout(() => control.abort(), 200);
      const outcome = await run(rig.endless, minutes(1), { signal: control.signal });
      assert.equal(outcome.verdict, 'fail');
      assert.equal(rig.running(), false);
      assert.equal((await run(rig.endless, minutes(1), { signal: AbortSignal.abort() })).verdict, 'fail');
    });

    it('changes nothing in the artifact', async () => {
      const before = readdirSync(rig.artifact, { recursive: true });
      await run(rig.passing);
      await run(rig.failing);
      assert.deepEqual(readdirSync(rig.artifact, { recursive: true }), before);
    });
  });
}
