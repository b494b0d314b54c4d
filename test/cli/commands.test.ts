import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { environmentName, type DeploymentId } from '../../src/core/ids.ts';
import { hours, minutes, seconds } from '../../src/core/time.ts';
import type { HttpServer } from '../../src/http/index.ts';
import type { StoredEvent } from '../../src/ports/store.ts';
import { adapterSchemas } from '../../src/server/project.ts';
import { LANE, type World } from '../core/given.ts';
import type { FakeControlPlane } from '../support/fake-control-plane.ts';
import { failCanary, look, midCanary, serve, startCanary } from '../support/history.ts';
import { listen, run, startServer, temporaryFolder, type RunOptions } from '../support/running-cli.ts';

/** A server with a canary under way, and a command line that finds it. */
async function begun(t: Parameters<typeof startServer>[0]) {
  const { controlPlane, dataDir } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  const spillway = (line: string, options: RunOptions = {}) =>
    run(['--data', dataDir, ...line.split(' ')], { ...options, io: { now: () => world.now, ...options.io } });
  return { controlPlane, dataDir, world, deployment, spillway };
}

const second = (controlPlane: FakeControlPlane): World => {
  const world = controlPlane.world({ ...LANE, environment: environmentName('staging') });
  serve(world, '1.6.0', 'dddd01');
  world.request('0198f3a2-7c1e-7a4b-9d2e-5c6b7a0dddd2');
  controlPlane.sync();
  return world;
};

test('get lists deployments and lanes, as a table, as JSON and as YAML', async (t) => {
  const { spillway } = await begun(t);
  const listed = await spillway('get');
  assert.equal(listed.code, 0, listed.err);
  assert.match(listed.out, /^ID +LANE +VERSION +STATE +CANARY +VERDICT +BY +AGE\n/);
  assert.match(listed.out, /3f9a2c +shop\/production +1\.5\.0 +deploying +25% +- +ada +11m\n/);
  const json = JSON.parse((await spillway('get deployments -o json')).out) as {
    items: { version: string }[];
  };
  assert.deepEqual(
    json.items.map(({ version }) => version),
    ['1.5.0', '1.4.0'],
  );
  assert.match((await spillway('get lanes')).out, /shop\/production +1\.4\.0 +1\.4\.0 +1\.5\.0 deploying/);
  assert.match((await spillway('get lanes -o yaml')).out, /^items:\n {2}- application: shop\n/);
  const one = await spillway('get deployment 3f9a2c');
  assert.match(one.out, /▶ 1\.5\.0 {2}deploying/);
});

test('the deployment under way need not be named', async (t) => {
  const { spillway, world, deployment } = await begun(t);
  const paused = await spillway('pause --reason hold');
  assert.equal(paused.code, 0, paused.err);
  assert.equal(
    paused.out,
    'paused deployment 3f9a2c of shop/production 1.5.0: deploying, 25% of the traffic\n',
  );
  assert.deepEqual(world.get(deployment).paused, { since: world.now, by: 'ada', reason: 'hold' });
  assert.equal((await spillway('resume')).code, 0);
  assert.equal((await spillway('promote --full')).code, 0);
  assert.equal((await spillway('abort 9a2c -o json')).code, 0);
  assert.equal(world.state(deployment), 'rolling_back');
});

test('what may mean several deployments is not guessed', async (t) => {
  const { controlPlane, spillway } = await begun(t);
  second(controlPlane);
  const refused = await spillway('pause');
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /^error {2}several deployments are under way; say which\nwhere {2}3f9a2c \(shop\/production/,
  );
  assert.match(refused.err, /0dddd2 \(shop\/staging/);
  assert.equal((await spillway('pause --env production')).code, 0);
  assert.match((await spillway('rollback')).err, /--app shop --env production/);
});

test('nothing under way is said so', async (t) => {
  const { controlPlane, spillway, world, deployment } = await begun(t);
  failCanary(world, deployment);
  controlPlane.sync();
  const refused = await spillway('pause');
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /^error {2}nothing is under way\nwhere {2}shop\/production\nnext {3}See what there was/,
  );
  assert.equal((await spillway('cancel nope')).code, 1);
  assert.equal((await spillway('cancel ../../etc')).code, 2, 'an id that is none is wrong usage');
});

test('why shows the figures', async (t) => {
  const { controlPlane, spillway, world, deployment } = await begun(t);
  controlPlane.assessments.set(deployment, { deployment, assessment: look(world.now, 0.01, 24), counts: {} });
  assert.match((await spillway('why')).out, /canary {5}2,400 {6}24 {4}1% {2}57 ms/);
  failCanary(world, deployment);
  controlPlane.sync();
  const why = await spillway('why 3f9a2c');
  assert.match(why.out, /Rolled back to 1\.4\.0; no traffic reached it 2s after the decision/);
});

test('what was last is meant by why and watch, and not what soaks behind it', async (t) => {
  const { controlPlane, dataDir } = await startServer(t);
  const world = controlPlane.world(LANE);
  serve(world, '1.4.0', 'aaa001', hours(24));
  const failed = startCanary(world);
  failCanary(world, failed);
  controlPlane.sync();
  const io = { now: () => world.now };
  assert.match((await run(['--data', dataDir, 'why'], { io })).out, /^shop\/production 1\.5\.0 /);
  assert.equal((await run(['--data', dataDir, 'watch'], { io })).code, 3);
  assert.match((await run(['--data', dataDir, 'pause'], { io })).out, /1\.4\.0: monitoring/);
});

test('the first deployment goes to the only environment of the configuration', async (t) => {
  const { dataDir, controlPlane } = await startServer(t);
  const cwd = await temporaryFolder(t);
  const file = join(cwd, 'spillway.yaml');
  const deploy = () => run(['--data', dataDir, 'deploy'], { io: { cwd }, commands: { adapterSchemas } });
  assert.match((await deploy()).err, /say which environment is meant\nwhere .*no spillway.yaml here/);
  const config = 'application: shop\ntarget: { command: ./shop }\n';
  const two = 'a: { traffic: { listen: 81 } }, b: { traffic: { listen: 82 } }';
  await writeFile(file, `${config}environments: { ${two} }\n`);
  const several = await deploy();
  assert.equal(several.code, 2);
  assert.match(several.err, /where {2}a, b\nnext {3}Add for example: --env a/);
  await writeFile(file, `${config}traffic: { listen: 80 }\n`);
  await deploy();
  assert.match(String(controlPlane.received[0]?.request.body), /"environment":"production"/);
});

test('deploy says what was begun, and how to follow it', async (t) => {
  const { controlPlane, spillway } = await begun(t);
  const begunNow = await spillway('deploy --ref main --release 1.5.1 --reason fix');
  assert.equal(begunNow.code, 0, begunNow.err);
  assert.match(
    begunNow.out,
    /^deployment \w{6} of shop 1\.5\.1 to production requested\nfollow it: spillway watch \w{6}\n$/,
  );
  const sent = JSON.parse(Buffer.from(controlPlane.received[0]?.request.body ?? []).toString()) as object;
  const wanted = { environment: 'production', ref: 'main', version: '1.5.1', reason: 'fix', actor: 'ada' };
  assert.deepEqual(sent, wanted);
});

test('deploy to where nothing is configured ends as such', async (t) => {
  const { spillway } = await begun(t);
  const ignored = await spillway('deploy --env moon');
  assert.equal(ignored.code, 1);
  assert.match(
    ignored.err,
    /^error {2}no deployment was made: no environment moon is configured\nnext {3}spillway events explain/,
  );
});

/** Runs `deploy --wait` and lets the deployment come to an end once it has been requested. */
async function deployAndEnd(
  t: Parameters<typeof startServer>[0],
  end: (world: World, id: DeploymentId) => void,
) {
  const { controlPlane, dataDir } = await startServer(t);
  const world = controlPlane.world();
  serve(world);
  controlPlane.sync();
  const onOutput = (text: string) => {
    if (!text.startsWith('deployment ')) return;
    setImmediate(() => {
      const [deployment] = world.lane.deployments;
      if (deployment) end(world, deployment.id);
      controlPlane.sync();
    });
  };
  return run(['--data', dataDir, 'deploy', '--wait', '--timeout', '10s'], { onOutput });
}

test('deploy --wait ends as the deployment ends', async (t) => {
  const live = await deployAndEnd(t, (world, id) => {
    for (const kind of ['preflight', 'build', 'prepare', 'start', 'shift'] as const) world.answer(id, kind);
    world.feed({ type: 'promote', deployment: id, full: true });
    for (const kind of ['start', 'shift'] as const) world.answer(id, kind);
    world.pass(seconds(10));
    world.verdict(id, 'ok');
    world.answer(id, 'verify');
  });
  assert.equal(live.code, 0, live.out + live.err);
  assert.match(live.out, /is live\n$/);
  const back = await deployAndEnd(t, (world, id) => {
    for (const kind of ['preflight', 'build', 'prepare', 'start', 'shift'] as const) world.answer(id, kind);
    failCanary(world, id);
  });
  assert.equal(back.code, 3, back.out + back.err);
  const failed = await deployAndEnd(t, (world, id) => void world.answer(id, 'preflight', 'no disk'));
  assert.equal(failed.code, 1, failed.out);
  assert.match(failed.out, /failed: pre-flight: no disk\n$/);
  const rejected = await deployAndEnd(
    t,
    (world, id) => void world.feed({ type: 'cancel', deployment: id, reason: 'not now' }),
  );
  assert.equal(rejected.code, 6, rejected.out);
});

test('waiting longer than allowed ends with 5, and says that it goes on', async (t) => {
  const { spillway } = await begun(t);
  const late = await spillway('watch --until-done --timeout 1s');
  assert.equal(late.code, 5, late.out);
  assert.match(late.err, /deployment 3f9a2c is still deploying/);
  assert.match(late.out, /2026-11-20T15:00:00Z {2}deployment of 1\.5\.0 requested from main\n/);
});

test('Ctrl-C ends a watch with 130', async (t) => {
  const { spillway } = await begun(t);
  const interrupt = new AbortController();
  const onOutput = () => setTimeout(() => interrupt.abort(), 300);
  const ended = await spillway('watch', { io: { interrupted: interrupt.signal }, onOutput });
  assert.equal(ended.code, 130);
});

test('a watch survives a restart of the server, and misses and repeats nothing', async (t) => {
  const { controlPlane, dataDir, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  let second: Promise<HttpServer> | undefined;
  const onOutput = () => {
    second ??= pause(200)
      .then(() => server.close())
      .then(() => failCanary(world, deployment))
      .then(() => controlPlane.sync())
      .then(() => listen(controlPlane, dataDir));
  };
  const watched = await run(['--data', dataDir, 'watch', '-o', 'json'], { onOutput });
  await (await second)?.close();
  assert.equal(watched.code, 3, watched.err);
  const seen = watched.out
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as StoredEvent).sequence);
  const own = controlPlane.events.filter((stored) => stored.deployment === deployment);
  assert.deepEqual(
    seen,
    own.map(({ sequence }) => sequence),
  );
});

test('watch paints a picture again in place on a terminal, and leaves the last one', async (t) => {
  const { controlPlane, spillway, world, deployment } = await begun(t);
  let painted = 0;
  const onOutput = (text: string) => {
    if (!text.includes('1.5.0') || painted++ > 0) return;
    setImmediate(() => {
      world.pass(minutes(1));
      failCanary(world, deployment);
      controlPlane.sync();
    });
  };
  const watched = await spillway('watch --until-done', {
    columns: 80,
    onOutput,
    io: { env: { NO_COLOR: '1' } },
  });
  assert.equal(watched.code, 3, watched.err);
  assert.ok(watched.out.includes('\u001B[?2026h'), 'a picture is shown at once');
  assert.ok(!watched.out.includes('\u001B[2J'), 'the screen is never cleared');
  assert.ok(watched.out.endsWith('\u001B[?25h'), 'the cursor comes back');
  assert.match(watched.out, /▶ 25%/);
  assert.match(watched.out, /✗ rolled back to 1\.4\.0/);
});

test('watch -o json writes one event a line', async (t) => {
  const { controlPlane, spillway, world, deployment } = await begun(t);
  failCanary(world, deployment);
  controlPlane.sync();
  const { code, out } = await spillway('watch 3f9a2c -o json');
  assert.equal(code, 3);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: { type: string } });
  assert.equal(events[0]?.event.type, 'deployment.requested');
});

test('rollback and unlock ask for what they need', async (t) => {
  const { spillway } = await begun(t);
  const back = await spillway('rollback --emergency --reason smoke');
  assert.equal(back.code, 0, back.err);
  assert.match(back.out, /of shop 1\.4\.0 to production requested, as a rollback/);
  assert.equal((await spillway('env unlock shop/production')).code, 2, 'a reason is required');
  assert.match((await spillway('env unlock shop/production --reason mended')).err, /^error {2}/);
});

test('audit query follows every page', async (t) => {
  const { controlPlane, spillway } = await begun(t);
  const found = JSON.parse((await spillway('audit query -o json')).out) as unknown[];
  assert.equal(found.length, controlPlane.events.length);
  const table = await spillway('audit query --release 1.4.0 --category deployment');
  assert.match(table.out, /^TIME +ACTOR +TARGET +VERSION +STATUS +WHAT\n/);
  assert.doesNotMatch(table.out, /1\.5\.0/);
});

test('events are listed and explained', async (t) => {
  const { controlPlane, spillway } = await begun(t);
  const listed = await spillway('events list --limit 3 --deployment 3f9a2c');
  assert.equal(listed.out.split('\n').length, 5);
  controlPlane.explanations.set('event-1', {
    outcome: 'ignored',
    triggers: [{ why: 'paths did not match' }],
  });
  const explained = await spillway('events explain event-1');
  assert.equal(explained.out, 'outcome  ignored\ntriggers\n  -\n    why  paths did not match\n');
});

test('health tells the parts, and ends with 1 when they are ill', async (t) => {
  const { controlPlane, spillway } = await begun(t);
  controlPlane.report = { status: 'degraded', subsystems: { store: { status: 'degraded', reason: 'slow' } } };
  const degraded = await spillway('health');
  assert.equal(degraded.code, 0);
  assert.match(degraded.out, /^spillway 0\.1\.0 is degraded\n\nPART +STATUS +WHY\nstore +degraded +slow\n$/);
});

test('names from outside cannot steer the terminal', async (t) => {
  const { controlPlane, dataDir } = await startServer(t);
  const world = controlPlane.world();
  world.request(
    '0198f3a2-7c1e-7a4b-9d2e-5c6b7a00beef',
    {},
    { version: '1\u001B[2J.0', actor: 'm\u0007allory\u202E' },
  );
  controlPlane.sync();
  for (const verb of [['get'], ['why'], ['events', 'list'], ['audit', 'query']]) {
    const { out, err } = await run(['--data', dataDir, ...verb]);
    assert.doesNotMatch(out + err, /[^\P{Cc}\n]|\u202E/u, verb.join(' '));
    assert.match(out, /1\.0/);
  }
});

test('without a server every verb says how to start one', async (t) => {
  const dataDir = await temporaryFolder(t);
  for (const line of [
    'get',
    'deploy',
    'watch',
    'why',
    'pause',
    'rollback',
    'health',
    'audit query',
    'events list',
  ]) {
    const { code, err } = await run(['--data', dataDir, ...line.split(' ')]);
    assert.equal(code, 1, line);
    assert.match(
      err,
      /^error {2}the Spillway server is not running\nwhere .*spillway\.sock\nnext {3}Start it: spillway up/,
    );
  }
  const nowhere = await run(['get'], { io: { cwd: dataDir } });
  assert.match(nowhere.err, /^error {2}no Spillway server was ever started here\n/);
});
