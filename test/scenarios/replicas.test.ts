import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import { noPostgres, startPostgres, type RunningPostgres } from '../support/postgres.ts';
import { actsIn } from './crash/run.ts';
import { PATIENCE_MS, Scenario } from './support/scenario.ts';
import { ServerProcess } from './support/server-process.ts';

/** From the death of a replica until another has taken its rollout up. */
const TAKEN_UP_MS = 3000;

describe('two replicas on one PostgreSQL', { skip: noPostgres ?? false }, () => {
  let postgres: RunningPostgres;
  let scenario: Scenario;
  let replicas: ReadonlyArray<{ readonly server: ServerProcess; readonly acts: string }> = [];
  before(async () => {
    postgres = await startPostgres();
    scenario = await Scenario.build({ database: await postgres.createDatabase() });
    const acts = `${scenario.place.acts}-2`;
    const second = await ServerProcess.start({ ...scenario.place, acts });
    replicas = [
      { server: scenario.server, acts: scenario.place.acts },
      { server: second, acts },
    ];
  });
  after(async () => {
    for (const { server } of replicas) server.kill();
    await scenario.tearDown();
    await postgres.stop();
  });

  /** When a replica last looked at the deployment, or 0. */
  const lookedAt = ({ acts }: { readonly acts: string }, id: DeploymentId) =>
    actsIn(acts).findLast((act) => act.kind === 'looked' && act.deployment === id)?.at ?? 0;

  it('go on with a canary when the one that looks at it dies, and no user notices', async () => {
    const { journal } = scenario;
    await scenario.open();
    const id = await scenario.deploymentOf(scenario.release({ version: 'second' }));
    await journal.until('the first step', PATIENCE_MS, () => journal.last(id, 'traffic.shifted'));
    await journal.until(
      'a look',
      PATIENCE_MS,
      () => replicas.some((one) => lookedAt(one, id) > 0) || undefined,
    );

    const [other, holder] = replicas.toSorted((a, b) => lookedAt(a, id) - lookedAt(b, id));
    assert.ok(holder !== undefined && other !== undefined);
    assert.equal(lookedAt(other, id), 0, 'both have looked at it');
    const killedAt = Date.now();
    holder.server.kill();
    await journal.until('a look of the other', PATIENCE_MS, () => lookedAt(other, id) > 0 || undefined);
    const taken = lookedAt(other, id) - killedAt;
    assert.ok(taken <= TAKEN_UP_MS, `it was taken up after ${taken} ms`);

    const { status } = await scenario.end(id);
    assert.equal(status.state, 'completed');
    assert.equal(scenario.load?.dropped, 0, JSON.stringify(scenario.load?.drops));
    await scenario.proveAudit();
  });
});
