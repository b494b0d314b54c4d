import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { applicationName, instanceId, type InstanceId, type LaneId } from '../../../src/core/ids.ts';
import { milliseconds, seconds } from '../../../src/core/time.ts';
import type { ObservedInstance, Target } from '../../../src/ports/target.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { shimProgram } from '../../../src/targets/process/layout.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { lane, makeRig, processesWith, revisionOf, serverSettings, startOf } from '../rig.ts';

let rig: ReturnType<typeof makeRig>;
let target: Target;
const secrets = (name: string) => (name === 'TOKEN' ? 's3cr3t-value' : undefined);
const open = () => createProcessTarget({ dir: rig.dir, system: hostSystem, secrets, secretValues: () => [] });

beforeEach(() => {
  rig = makeRig();
  target = open();
});
afterEach(async () => {
  await stopAll(milliseconds(0));
  rig.remove();
});

const stopAll = async (grace = seconds(5)) =>
  target.stop(
    lane,
    (await target.observe(lane)).map((one) => one.id),
    grace,
  );
const folderOf = (id: InstanceId | string, parent = 'instances') =>
  join(rig.dir, 'shop/production', parent, id);

async function run(mode = '', more = {}, count = 1): Promise<readonly ObservedInstance[]> {
  const revision = revisionOf('a', serverSettings(mode, more));
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k1', count));
  return await target.observe(lane);
}

async function until(holds: (one: ObservedInstance) => boolean): Promise<ObservedInstance> {
  for (let tries = 0; tries < 1000; tries++) {
    const [one] = await target.observe(lane);
    if (one && holds(one)) return one;
    await hostSystem.sleep(milliseconds(10));
  }
  return assert.fail(JSON.stringify(await target.observe(lane)));
}
const ask = (one: ObservedInstance, path: string) =>
  fetch(`http://127.0.0.1:${one.endpoint.port}${path}`).then((answer) => answer.text());

describe('the environment of an instance', () => {
  it('has its own settings, its identity and the least of what Spillway has', async () => {
    process.env['SPILLWAY_MASTER_KEY'] = 'not for applications';
    await run('', { env: { API: 'token=${TOKEN}', PATH: '/nowhere' } });
    const one = await until((some) => some.health === 'healthy');
    const env = JSON.parse(await ask(one, '/environment')) as Record<string, string>;
    delete process.env['SPILLWAY_MASTER_KEY'];
    assert.equal(env['API'], 'token=s3cr3t-value');
    assert.equal(env['PATH'], '/nowhere', 'the shim finds its tools without it');
    assert.equal(env['SPILLWAY_VERSION'], '1.0.a');
    assert.equal(env['SPILLWAY_COMMIT'], 'a'.repeat(40));
    assert.equal(env['SPILLWAY_REVISION'], one.revision);
    assert.equal(env['SPILLWAY_INSTANCE'], one.id);
    assert.deepEqual([env['HOST'], env['PORT']], ['127.0.0.1', String(one.endpoint.port)]);
    assert.equal(env['SPILLWAY_MASTER_KEY'], undefined);
  });

  it('brings secrets neither to disk nor into arguments', async () => {
    await run('', { env: { API: '${TOKEN}' } });
    const found = spawnSync('grep', ['-rl', 's3cr3t-value', rig.dir], { encoding: 'utf8' }).stdout;
    assert.equal(found, '');
    for (const pid of processesWith('API=s3cr3t-value'))
      assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), /s3cr3t/);
    assert.ok(processesWith('API=s3cr3t-value').length > 0);
  });

  it('starts nothing when a secret has no value', async () => {
    await assert.rejects(run('', { env: { API: '${NOBODY}' } }), { code: 'config_invalid' });
    assert.deepEqual(await target.observe(lane), []);
  });
});

describe('how an instance ends', () => {
  /** @returns what the instance, and all that it starts, have in their environment, and nobody else has */
  const runFamily = async () => {
    await run('family', { env: { MODE: 'family', FAMILY: rig.dir } });
    return `FAMILY=${rig.dir}`;
  };

  /** A process that was killed is gone when the machine gets round to it. */
  const noneOf = async (family: string) => {
    for (let tries = 0; tries < 200 && processesWith(family).length > 0; tries++)
      await hostSystem.sleep(milliseconds(10));
    assert.deepEqual(processesWith(family), []);
  };

  it('gently, with its own exit code', async () => {
    await run('polite');
    await until((one) => one.health === 'healthy');
    await stopAll();
    const [one] = await target.observe(lane);
    assert.deepEqual([one?.exit?.code, one?.stopping], [0, true]);
  });

  it('by force when the grace is over', async () => {
    await run('deaf');
    const { id } = await until((one) => one.health === 'healthy');
    await stopAll(milliseconds(150));
    const [one] = await target.observe(lane);
    assert.equal(one?.exit?.code, 137);
    assert.ok((await target.logs(lane, id, 9)).includes('ignored SIGTERM'), 'it was asked first');
  });

  it('with what it has started', async () => {
    const family = await runFamily();
    await until((some) => some.health === 'healthy');
    assert.equal(processesWith(family).length, 3, 'shim, server, child');
    await stopAll();
    await noneOf(family);
  });

  it('with what a crash has left of it, once it is removed', async () => {
    const family = await runFamily();
    const one = await until((some) => some.health === 'healthy');
    await ask(one, '/exit').catch(() => undefined);
    const dead = await until((some) => some.exit !== null);
    assert.deepEqual([dead.exit?.code, dead.stopping], [7, false]);
    assert.equal(dead.detail, 'exited with code 7: listening');
    assert.equal(processesWith(family).length, 1);
    await target.remove(lane, []);
    await noneOf(family);
  });

  it('for unknown reasons when nothing recorded it', async () => {
    const [one] = await run();
    assert.ok(one);
    const pid = JSON.parse(readFileSync(join(folderOf(one.id), 'pid'), 'utf8')) as {
      pid: number;
      shim: number;
    };
    process.kill(pid.shim, 'SIGKILL');
    assert.equal((await until((some) => some.health === 'healthy')).alive, true, 'it lives without its shim');
    process.kill(pid.pid, 'SIGKILL');
    const gone = await until((some) => !some.alive);
    assert.equal(gone.exit?.code, null);
    const again = await open().observe(lane);
    assert.deepEqual(again[0]?.exit, gone.exit, 'and its time stays the same');
  });

  it('and is being removed while somebody looks', async () => {
    for (let round = 0; round < 2; round++) {
      await run('', {}, 4);
      await stopAll(milliseconds(0));
      const removed = target.remove(lane, []);
      const looks = Array.from({ length: 40 }, async (_, turns) => {
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        await target.observe(lane);
      });
      await Promise.all([removed, ...looks]);
      assert.deepEqual(await target.observe(lane), []);
    }
  });

  it('when its command cannot be found', async () => {
    await run('', { command: ['no-such-program'] });
    const one = await until((some) => some.exit !== null);
    assert.equal(one.exit?.code, 127);
    assert.match(one.detail, /no-such-program/);
  });
});

describe('a pid that belongs to somebody else', () => {
  const stranger = async (change: (record: { start: number; boot: string }) => object) => {
    const [one] = await run();
    assert.ok(one);
    await stopAll();
    const bystander = spawn('sleep', ['600']);
    const path = join(folderOf(one.id), 'pid');
    const stat = readFileSync(`/proc/${bystander.pid}/stat`, 'latin1');
    const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const { boot } = JSON.parse(readFileSync(path, 'utf8')) as { boot: string };
    writeFileSync(path, JSON.stringify({ pid: bystander.pid, shim: 1, ...change({ start, boot }) }));
    const [seen] = await target.observe(lane);
    await target.stop(lane, [one.id], milliseconds(0));
    await target.remove(lane, []);
    const survived = bystander.exitCode === null && bystander.signalCode === null;
    bystander.kill('SIGKILL');
    return { alive: seen?.alive, survived };
  };

  it('is not taken for the instance, and not signalled, when it was started at another time', async () => {
    const seen = await stranger(({ start, boot }) => ({ start: start - 1, boot }));
    assert.deepEqual(seen, { alive: false, survived: true });
  });

  it('is not taken for the instance after a restart of the machine', async () => {
    const seen = await stranger(({ start }) => ({ start, boot: 'another' }));
    assert.equal(seen.alive, false);
    assert.equal(seen.survived, true);
  });
});

describe('a start that was cut short', () => {
  const old = () => Date.now() - 60_000;
  /** An instance of which only these files were written, a minute ago. */
  function leftover(files: readonly string[]): { id: InstanceId; folder: string } {
    const id = instanceId('0123456789ab-0-1');
    const folder = folderOf(id);
    mkdirSync(folder, { recursive: true });
    const { digest } = revisionOf('a');
    const spec = { revision: digest, deployment: 'd', port: 1, startedAt: old(), mark: 'm', health: {} };
    writeFileSync(join(folder, 'spec.json'), JSON.stringify(spec));
    for (const name of files) {
      writeFileSync(join(folder, name), '');
      utimesSync(join(folder, name), old() / 1000, old() / 1000);
    }
    return { id, folder };
  }

  for (const files of [[], ['claim']])
    it(`has failed after a while (${files[0] ?? 'nothing'} was written), and another takes its place`, async () => {
      const { id } = leftover(files);
      const [failed] = await target.observe(lane);
      assert.deepEqual(
        [failed?.alive, failed?.exit?.code, failed?.detail],
        [false, null, 'was never launched'],
      );
      const all = await run();
      assert.deepEqual(
        all.filter((one) => one.alive).map((one) => one.id === id),
        [false],
      );
    });

  it('never runs its command, though the shim comes after all', async () => {
    const { folder } = leftover([]);
    await target.observe(lane);
    const shim = spawnSync('/bin/sh', [shimProgram(), folder, 'touch', join(rig.root, 'it-ran')]);
    assert.equal(shim.status, 0);
    assert.equal(readdirSync(rig.root).includes('it-ran'), false);
    assert.equal((await target.observe(lane))[0]?.exit?.code, null);
  });

  it('counts as running while it may still come to a process', async () => {
    const { folder } = leftover(['claim']);
    utimesSync(join(folder, 'claim'), Date.now() / 1000, Date.now() / 1000);
    const refused = assert.rejects(run(), { code: 'unavailable', message: /came to no process/ });
    await hostSystem.sleep(milliseconds(50));
    const all = await target.observe(lane);
    assert.equal(all.length, 1, 'nothing was started beside it');
    assert.deepEqual([all[0]?.alive, all[0]?.exit], [false, null]);
    await stopAll();
    await refused;
    assert.equal((await target.observe(lane))[0]?.detail, 'was never launched');
  });
});

describe('health', () => {
  it('is starting until the first success, then what the last check says, also for another control plane', async () => {
    await run('ill');
    const ill = await until((one) => one.detail.includes('503'));
    assert.deepEqual([ill.health, ill.detail], ['starting', 'GET /health answered 503']);
    await stopAll();
    await target.remove(lane, []);
    await run();
    const one = await until((some) => some.health === 'healthy');
    await ask(one, '/break');
    assert.equal((await target.observe(lane))[0]?.health, 'unhealthy');
    assert.equal((await open().observe(lane))[0]?.health, 'unhealthy');
  });

  it('says why in words', async () => {
    await run('slow', { health: { timeout: 100 } });
    const slow = await until((one) => one.detail.includes('longer'));
    assert.equal(slow.detail, 'GET /health took longer than 100ms');
    await stopAll();
    await target.remove(lane, []);
    await run('', { command: ['sleep', '600'] });
    assert.match((await target.observe(lane))[0]?.detail ?? '', /^GET \/health: connect ECONNREFUSED/);
  });

  it('judges the answer itself: no redirect is followed, and a status or a text can be asked for', async () => {
    const healthOf = async (health: object) => {
      await run('', { health: { timeout: 1000, ...health } });
      const one = await until((some) => !some.detail.includes('ECONNREFUSED'));
      await stopAll();
      await target.remove(lane, []);
      return one.detail || one.health;
    };
    assert.equal(await healthOf({ path: '/moved' }), 'healthy');
    assert.equal(await healthOf({ path: '/moved', status: 200 }), 'GET /moved answered 302');
    assert.equal(await healthOf({ body: 'is well' }), 'healthy');
    assert.equal(await healthOf({ body: 'is ill' }), 'GET /health answered without "is ill"');
    assert.equal(await healthOf({ path: null }), 'healthy');
  });
});

describe('output', () => {
  it('of the newest ten crashes is kept after their removal', async () => {
    for (let crash = 0; crash < 12; crash++) {
      await run('', { command: ['false'] });
      await until((one) => one.exit !== null);
      await target.remove(lane, []);
    }
    const kept = readdirSync(folderOf('', 'crashed'));
    assert.equal(kept.length, 10);
    assert.deepEqual(await target.logs(lane, instanceId(kept[0] ?? ''), 5), []);
  });

  it('is cut when it grows large, and goes on', async () => {
    const [one] = await run();
    assert.ok(one);
    await until((some) => some.health === 'healthy');
    const log = join(folderOf(one.id), 'out.log');
    truncateSync(log, 11_000_000);
    await target.observe(lane);
    assert.equal(statSync(log).size, 0);
    assert.equal(statSync(`${log}.1`).size, 11_000_000);
    process.kill(processesWith(`SPILLWAY_INSTANCE=${one.id}`).at(-1) ?? 0, 'SIGTERM');
    await until((some) => some.exit !== null);
    assert.ok(statSync(log).size < 1000, 'no hole at the beginning');
    assert.deepEqual(await target.logs(lane, one.id, 1), ['Terminated']);
  });
});

describe('what comes from outside', () => {
  it('names no file beside its own', async () => {
    const outside: LaneId = { ...lane, application: applicationName('../..') };
    await assert.rejects(target.observe(outside), { code: 'config_invalid' });
    for (const name of ['../../secret', '..', '', 'a/b', '0123456789ab-0-1/../x']) {
      await assert.rejects(target.logs(lane, instanceId(name), 1), { code: 'not_found' });
      await assert.rejects(target.stop(lane, [instanceId(name)], seconds(0)), { code: 'not_found' });
    }
  });

  it('is checked where it is a setting', async () => {
    for (const more of [
      { working_dir: '../..' },
      { working_dir: '/etc' },
      { command: [] },
      { command: 'a | b' },
      { unknown: 1 },
      { env: { 'A=B': 'x' } },
    ])
      await assert.rejects(run('', more), { code: 'config_invalid' }, JSON.stringify(more));
    assert.deepEqual(await target.observe(lane), []);
  });
});

it('gives no port to which somebody listens, and none twice', async () => {
  const [first] = await run('', { command: ['sleep', '600'] });
  assert.ok(first);
  await stopAll();
  await target.remove(lane, []);
  const squatter = createServer().listen(first.endpoint.port, '127.0.0.1');
  const all = await run('', { command: ['sleep', '600'] }, 3);
  squatter.close();
  const ports = all.map((one) => one.endpoint.port);
  assert.equal(new Set([...ports, first.endpoint.port]).size, 4);
});

it('adopts an instance of a time when roles were not written down as one that serves', async () => {
  const [one] = await run();
  assert.ok(one);
  const file = join(folderOf(one.id), 'spec.json');
  const { role, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  assert.equal(role, 'serving');
  writeFileSync(file, JSON.stringify(rest));
  assert.equal((await target.observe(lane))[0]?.role, 'serving');
  await run();
  assert.equal((await target.observe(lane)).length, 1, 'it counts');
});
