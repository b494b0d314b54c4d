import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { adapterSchemas } from '../../src/server/project.ts';
import { judged } from '../support/judged.ts';
import { run, temporaryFolder, type RunOptions } from '../support/running-cli.ts';

const CONFIG = `
application: shop
target: { command: node server.js }
traffic: { listen: 8080 }
environments:
  production:
    canary: { warm_up: 5s, increment_steps: [10, 50, 100], step_duration: 1m }
  staging:
    strategy: immediate
    traffic: { listen: 8081 }
`;

/** A folder with a configuration, and a command line in it. */
async function project(t: TestContext) {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'spillway.yaml'), CONFIG);
  const simulate = (flags: readonly string[], options: RunOptions = {}) =>
    run(['simulate', ...flags], { commands: { adapterSchemas }, ...options, io: { cwd, ...options.io } });
  return { cwd, simulate };
}

const HEALTHY = ['--synthetic', 'errors=0.3%,duration=10m'];
const BROKEN = ['--synthetic', 'errors=0.3%,canary-errors=50%,onset=30s,duration=10m'];

test('simulate says what the policy would have done, and ends as a deployment would', async (t) => {
  const { simulate } = await project(t);
  const promoted = await simulate(HEALTHY);
  assert.equal(promoted.code, 0, promoted.err);
  assert.match(promoted.out, /^shop\/production {3}on errors=0\.3%,duration=10m, 10m\n/);
  assert.match(promoted.out, /\n +1m {2}50% of the traffic reaches the new version\n/);
  assert.match(promoted.out, /\npromoted after [23]m/);
  const back = await simulate(BROKEN);
  assert.equal(back.code, 3);
  assert.match(back.out, /rolling back to stable/);
  assert.match(
    back.out,
    /\nrolled back after 3\ds: .+\n\d+ requests met the canary before that, \d+ of them failed\n/,
  );
  assert.equal((await simulate(['--synthetic', 'duration=30s'])).code, 5, 'the trace ended first');
  const staging = await simulate([...HEALTHY, '--env', 'staging']);
  assert.match(staging.out, /^shop\/staging/);
});

test('simulate answers as JSON', async (t) => {
  const { simulate } = await project(t);
  const said = JSON.parse((await simulate([...BROKEN, '-o', 'json'])).out) as Record<string, unknown>;
  assert.equal(said['outcome'], 'rolled_back');
  assert.equal(said['application'], 'shop');
  assert.ok(Array.isArray(said['story']));
  assert.deepEqual(Object.keys(said['exposed'] as object), ['requests', 'errors']);
});

test('a trace that was kept is played to the same end', async (t) => {
  const { simulate } = await project(t);
  const first = await simulate([...BROKEN, '--write', 'trace.jsonl', '-o', 'json']);
  const again = await simulate(['--metrics', 'trace.jsonl', '-o', 'json']);
  const without = ({ out }: { out: string }) => ({ ...(JSON.parse(out) as object), trace: '' });
  assert.deepEqual(without(again), without(first));
});

test("a deployment's record is played under another policy", async (t) => {
  const { cwd, simulate } = await project(t);
  const record = judged({ errorRate: 0.3, seconds: 300 });
  await writeFile(join(cwd, 'record.json'), JSON.stringify(record));
  const back = await simulate(['--record', 'record.json']);
  assert.equal(back.code, 3, back.err);
  assert.match(back.out, /\nrolled back after/);
  const broken = { ...record, ticks: [...record.ticks.slice(0, 5), { at: 1 }] };
  await writeFile(join(cwd, 'broken.json'), JSON.stringify(broken));
  assert.match(
    (await simulate(['--record', 'broken.json'])).out,
    /^broken\.json:6 {2}canary: an object was expected/,
  );
  assert.match((await simulate(['--record', 'spillway.yaml'])).err, /error/);
  assert.match((await simulate(['--record', 'none.json'])).err, /the record cannot be read/);
});

test('every broken line of a trace is told with its place', async (t) => {
  const { simulate } = await project(t);
  const refused = await simulate(['--metrics', '-'], { stdin: '{"trace":1}\nnonsense\n{"at":1}\n' });
  assert.equal(refused.code, 2);
  assert.equal(
    refused.out,
    '-:2  this is not JSON\n-:3  canary: an object was expected, not undefined\n- is not a trace: 2 problems\n',
  );
  const missing = await simulate(['--metrics', 'nowhere.jsonl']);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^error {2}the trace cannot be read\n/);
});

test('what is asked wrongly is said', async (t) => {
  const { cwd, simulate } = await project(t);
  assert.match((await simulate([])).err, /one trace is needed/);
  assert.match((await simulate([...HEALTHY, '--metrics', 'x'])).err, /one trace is needed/);
  assert.match((await simulate([...HEALTHY, '--env', 'qa'])).err, /shop has no environment qa/);
  assert.match((await simulate([...HEALTHY, '--seed', 'x'])).err, /--seed is a whole number/);
  assert.match((await simulate([...HEALTHY, '--config', 'none.yaml'])).err, /there is no such file/);
  await writeFile(join(cwd, 'bad.yaml'), 'application: 5\n');
  const bad = await simulate([...HEALTHY, '--config', 'bad.yaml']);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /bad\.yaml:1/);
});

test('compare shows each judge on the same trace, as a table and as a chart', async (t) => {
  const { cwd, simulate } = await project(t);
  const compared = await simulate([...BROKEN, '--compare', '--svg', 'chart.svg']);
  assert.equal(compared.code, 0, compared.err);
  for (const judge of ['sequential', 'fixed', 'consecutive', 'mann_whitney'])
    assert.match(compared.out, new RegExp(`^${judge} +\\w`, 'm'));
  assert.match(compared.out, /^sequential +rolled back after 3\ds +\d+ +\d+/m);
  const svg = await readFile(join(cwd, 'chart.svg'), 'utf8');
  assert.match(
    svg,
    /^<svg .*<desc>What each judge would have done on the same trace\. sequential: rolled back/s,
  );
  assert.equal(svg.match(/<path class="l s[0-3]"/g)?.length, 7, 'two rates, four weights, the evidence');
  assert.ok((await stat(join(cwd, 'chart.svg'))).size < 100_000);
  const judges = JSON.parse((await simulate([...HEALTHY, '--compare', '-o', 'json'])).out) as {
    judges: { judge: string; outcome: string }[];
  };
  assert.equal(judges.judges.length, 4);
});
