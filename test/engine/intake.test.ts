import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/core/json.ts';
import { hours, instant, minutes } from '../../src/core/time.ts';
import { Bench, CONFIGURATION } from './support/bench.ts';

/** What was recorded of the last event that came in. */
async function answerTo(bench: Bench, event: string): Promise<JsonObject> {
  await bench.system.until(async () => (await bench.engine.explain(event)) !== undefined, minutes(20));
  return (await bench.engine.explain(event)) ?? {};
}

const request = (ref: string, more = {}) => ({
  application: 'shop',
  environment: 'production',
  ref,
  actor: 'ada',
  ...more,
});

describe('what comes in', () => {
  it('is refused with the place of every problem when the configuration is wrong', async () => {
    const bench = await Bench.start();
    const ref = bench.source.commit('1.0.0', CONFIGURATION.replace('step_duration: 2m', 'step_duration: 2x'));
    const answer = await answerTo(bench, await bench.send(request(ref)));

    assert.equal(answer['type'], 'event.rejected');
    assert.match(JSON.stringify(answer['applications']), /spillway\.yaml:8:\d+: error: /);
    await bench.stop();
  });

  it('is refused while a secret that the configuration refers to is not set', async () => {
    const bench = await Bench.start();
    const configuration = CONFIGURATION.replace('instances: 2', "instances: 2, env: { KEY: '${API_KEY}' }");
    const ref = bench.source.commit('1.0.0', configuration);
    const refused = await answerTo(bench, await bench.send(request(ref)));
    assert.match(JSON.stringify(refused['reason']), /API_KEY.* is not set/);

    bench.secrets.set('API_KEY', 'hunter2');
    const id = await bench.deploy('1.0.0', configuration);
    await bench.until(id, 'completed');
    const first = (await bench.store.deployment(id))?.revision;
    assert.deepEqual(Object.keys(first?.secrets ?? {}), ['API_KEY']);
    assert.doesNotMatch(JSON.stringify(await bench.store.events({ limit: 1000 })), /hunter2/);

    bench.secrets.set('API_KEY', 'hunter3');
    const again = await bench.deploy('1.0.0', configuration);
    await bench.until(again, 'completed');
    const second = (await bench.store.deployment(again))?.revision;
    assert.notEqual(second?.digest, first?.digest, 'another secret makes another revision');
    assert.equal(second?.release.artifact, first?.release.artifact, 'of the same release');
    assert.equal(second?.configuration, 2);
    await bench.stop();
  });

  it('is refused when nothing is known of its commit, or of its environment', async () => {
    const bench = await Bench.start();
    const unknown = await answerTo(bench, await bench.send(request('0'.repeat(40))));
    assert.match(JSON.stringify(unknown['reason']), /there is no commit 0000/);
    const ref = bench.source.commit('1.0.0', CONFIGURATION);
    const elsewhere = await answerTo(bench, await bench.send(request(ref, { environment: 'moon' })));
    assert.match(JSON.stringify(elsewhere['reason']), /no environment moon/);
    await bench.stop();
  });

  it('is ignored, with every reason, when no trigger wants it', async () => {
    const bench = await Bench.start();
    const configuration = `${CONFIGURATION}
triggers:
  - event: workflow_dispatch
    action: deploy_production
    condition: actor == "grace"
`;
    const ref = bench.source.commit('1.0.0', configuration);
    const answer = await answerTo(bench, await bench.send(request(ref)));

    assert.equal(answer['type'], 'event.ignored');
    assert.match(JSON.stringify(answer['reason']), /actor == .{0,2}grace.{0,2} is false/);
    assert.deepEqual(answer['deployments'], []);
    await bench.stop();
  });

  it('leads to one deployment, however often it is sent', async () => {
    const bench = await Bench.start();
    const ref = bench.source.commit('1.0.0', CONFIGURATION);
    const body = request(ref);
    const event = await bench.send(body, 'the-same');
    await assert.rejects(bench.send(body, 'the-same'), /duplicate/);
    const answer = await answerTo(bench, event);

    assert.equal(answer['type'], 'event.matched');
    assert.equal((answer['deployments'] as readonly unknown[]).length, 1);
    assert.equal((await bench.store.deployments({ limit: 10 })).length, 1);
    await bench.stop();
  });

  it('leads to one deployment though the server dies before it has noted so', async () => {
    const bench = await Bench.start();
    const record = bench.store.record.bind(bench.store);
    let dead = false;
    bench.store.record = (events, tasks, completes) =>
      completes === null || dead ? record(events, tasks, completes) : new Promise(() => undefined);
    const ref = bench.source.commit('1.0.0', CONFIGURATION);
    const event = await bench.send(request(ref));
    await bench.system.settle();
    dead = true;
    await bench.crash();
    const answer = await answerTo(bench, event);

    assert.equal((answer['deployments'] as readonly unknown[]).length, 1);
    assert.equal((await bench.store.deployments({ limit: 10 })).length, 1);
    await bench.stop();
  });

  it('is looked at though no server ran for long after it had come', async () => {
    const bench = await Bench.start();
    const record = bench.store.record.bind(bench.store);
    let dead = false;
    bench.store.record = (events, tasks, completes) =>
      completes === null || dead ? record(events, tasks, completes) : new Promise(() => undefined);
    const claimed = await bench.send(request(bench.source.commit('1.0.0', CONFIGURATION)));
    await bench.system.advance(hours(2));
    dead = true;
    await bench.crash();
    assert.equal((await answerTo(bench, claimed))['type'], 'event.matched');

    const kept = request(bench.source.commit('1.1.0', CONFIGURATION));
    const result = await bench.engine.ingest('manual', {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(kept)),
      receivedAt: instant(bench.system.now() - hours(2)),
      ipAddress: null,
    });
    assert.ok(result.status === 'accepted');
    assert.equal((await answerTo(bench, result.event))['type'], 'event.matched');
    await bench.stop();
  });

  it('is refused, and that is recorded, when it is not well formed', async () => {
    const bench = await Bench.start();
    const result = await bench.engine.ingest('manual', {
      headers: { 'content-type': 'application/json', 'user-agent': 'curl' },
      body: Buffer.from('{"environment": 7}'),
      receivedAt: bench.system.now(),
      ipAddress: '192.0.2.7',
    });

    assert.equal(result.status, 'refused');
    const [recorded] = await bench.store.events({ types: ['event.rejected'], limit: 1 });
    assert.match(JSON.stringify(recorded), /192\.0\.2\.7.*curl/);
    await bench.stop();
  });
});
