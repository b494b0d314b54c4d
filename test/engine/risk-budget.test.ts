import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import { minutes, seconds } from '../../src/core/time.ts';
import { Bench, CONFIGURATION } from './support/bench.ts';

const BUDGETED = CONFIGURATION.replace(/canary: .*/, 'canary: { risk_budget: 500, warm_up: 30s }');

const eventsOf = async (bench: Bench, id: DeploymentId) =>
  (await bench.store.events({ deployment: id, limit: 1000 })).map(({ event }) => event);

async function plannedOf(bench: Bench, id: DeploymentId) {
  const event = (await eventsOf(bench, id)).find(({ type }) => type === 'canary.planned');
  assert.ok(event?.type === 'canary.planned', 'no steps were planned');
  return event;
}

/** A version that carries the traffic: 200 requests a second, one in a hundred fails. */
async function serving(): Promise<Bench> {
  const bench = await Bench.start();
  bench.traffic.behaviour = () => ({ errors: 0.01, latencyMs: 20 });
  await bench.serve('1.0.0');
  return bench;
}

describe('a rollout with a risk budget', () => {
  it('takes the steps that it chose from the traffic when it started, and says so', async () => {
    const bench = await serving();
    const id = await bench.deploy('1.1.0', BUDGETED);
    await bench.until(id, 'monitoring', minutes(40));

    const { steps, reason, record } = await plannedOf(bench, id);
    assert.match(reason, /chosen from 200 requests a second and a risk budget of 500/);
    assert.deepEqual(
      bench.sharesOf('1.1.0'),
      steps.map(({ weight }) => weight / 100),
    );
    assert.notDeepEqual(bench.sharesOf('1.1.0'), [1, 10, 50, 100]);
    assert.ok(steps.every(({ minimum }) => minimum <= minutes(5)));
    assert.equal((record as { budget: number }).budget, 500);
    await bench.stop();
  });

  it('goes on where it was when the server dies: the steps are those of the record', async () => {
    const bench = await serving();
    const id = await bench.deploy('1.1.0', BUDGETED);
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(20));
    const before = await plannedOf(bench, id);
    await bench.crash();
    bench.traffic.rate = 2000;
    await bench.until(id, 'monitoring', minutes(40));
    const all = (await eventsOf(bench, id)).filter(({ type }) => type === 'canary.planned');
    assert.deepEqual(all, [before]);
    assert.deepEqual(
      bench.sharesOf('1.1.0'),
      before.steps.map(({ weight }) => weight / 100),
    );
    await bench.stop();
  });

  it('keeps to it also when the server dies before the steps are chosen: the new one looks at the traffic first', async () => {
    const bench = await serving();
    const append = bench.store.append.bind(bench.store);
    let chosen = false;
    bench.store.append = (asked) => {
      if (chosen || !asked.events.some(({ type }) => type === 'canary.planned')) return append(asked);
      chosen = true;
      return new Promise(() => undefined);
    };
    const id = await bench.deploy('1.1.0', BUDGETED);
    await bench.system.until(async () => chosen, minutes(2));
    await bench.crash();
    await bench.system.advance(minutes(2));
    assert.match((await plannedOf(bench, id)).reason, /a risk budget of 500$/);
    await bench.stop();
  });

  it('spends no more than the budget on a version ten times as bad', async () => {
    const bench = await serving();
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.1 : 0.01, latencyMs: 20 });
    const id = await bench.deploy('1.1.0', BUDGETED);
    await bench.until(id, 'failed', minutes(40));
    const verdict = (await eventsOf(bench, id)).findLast(({ type }) => type === 'verdict.changed');
    assert.ok(verdict?.type === 'verdict.changed' && verdict.verdict === 'issue');
    const { evidence } = verdict.record as unknown as { evidence: { start: { requests: number } } };
    const { requests } = evidence.start;
    assert.ok(requests > 0 && requests <= 500, `${requests} requests met it`);
    await bench.stop();
  });

  it('says that the traffic is not known, or too low, and takes the default steps', async () => {
    const bench = await serving();
    bench.traffic.rate = 0.01;
    await bench.system.advance(minutes(10));
    const id = await bench.deploy('1.1.0', BUDGETED);
    await bench.until(id, 'deploying');
    await bench.system.advance(minutes(2));
    const { steps, reason } = await plannedOf(bench, id);
    assert.match(reason, /not by the risk budget of 500: .*(not known|too few to decide)/);
    assert.deepEqual(
      steps.map(({ weight }) => weight / 100),
      [1, 10, 50, 100],
    );
    await bench.stop();
  });
});
