import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import { Scenario } from './support/scenario.ts';

/** Three time constants of the service's warm-up. */
const WARM_AFTER_MS = 12_000;

describe('a service that is slow while it is young, released again unchanged and judged from its first second on', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await Scenario.build();
    await scenario.open({ version: 'first', cold: true });
  });
  after(() => scenario.tearDown());

  async function release(version: string, comparison: string, firstStep = 1): Promise<DeploymentId> {
    await new Promise((resolve) => setTimeout(resolve, WARM_AFTER_MS));
    return scenario.deploymentOf(scenario.release({ version, cold: true, comparison, firstStep }));
  }

  /** What the judge found in latency, in order. */
  const found = (id: DeploymentId) =>
    scenario.journal
      .of(id)
      .flatMap((event) => (event.type === 'verdict.changed' ? [`${event.verdict}: ${event.rule}`] : []));

  /** How often an instance of the versions before the third was started. */
  const startsBefore = () => scenario.project.done('first').start + scenario.project.done('second').start;

  /** How many instances of a baseline are kept, running or ended. */
  function baselines(): number {
    const folder = join(scenario.place.dataDir, 'apps', 'tiny', 'production', 'instances');
    const specs = readdirSync(folder).map((name) => join(folder, name, 'spec.json'));
    return specs.filter((spec) => existsSync(spec) && readFileSync(spec, 'utf8').includes('"baseline"'))
      .length;
  }

  it('is found slower than the version that has run for long', async () => {
    const id = await release('second', 'warm_up: 1ms', 10); // one tick proves nothing, and there are some in 10 s
    await scenario.journal.until(
      'a verdict on latency',
      30_000,
      () => found(id).some((verdict) => /^(warning|issue): /.test(verdict)) || undefined,
    );
    // A warning may hold it for its step's longest time, and this test need not wait for that.
    if (!scenario.hasEnded(id))
      await scenario.client.post(`/api/v1/deployments/${id}/abort`, {}).catch(() => {});
    await scenario.end(id);
  });

  it('is as good as a fresh baseline, and leaves none of it behind', async () => {
    const id = await release('third', 'warm_up: 1ms\n      baseline: fresh');
    const started = startsBefore();
    const ended = await scenario.end(id);
    assert.equal(ended.status.state, 'completed', found(id).join(', '));
    assert.deepEqual(
      found(id).filter((verdict) => !verdict.startsWith('ok')),
      [],
    );
    assert.equal(startsBefore() - started, 2, 'as many as the canary had in its last comparison');
    await scenario.journal.until('the end of the baseline', 30_000, () => baselines() === 0 || undefined);
  });

  it('leaves none of it behind, either, when the server dies while it compares', async () => {
    const id = await release('fourth', 'warm_up: 1ms\n      baseline: fresh');
    await scenario.journal.until('a share of the traffic', 30_000, () =>
      scenario.journal.last(id, 'traffic.shifted'),
    );
    assert.ok(baselines() > 0);
    scenario.server.kill();
    await scenario.server.ended();
    await scenario.restart();
    await scenario.end(id);
    await scenario.journal.until('the end of the baseline', 30_000, () => baselines() === 0 || undefined);
  });
});
