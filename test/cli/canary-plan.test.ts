import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { RolloutPlan } from '../../src/judge/index.ts';
import { adapterSchemas } from '../../src/server/project.ts';
import { run, startServer, temporaryFolder } from '../support/running-cli.ts';

const PROJECT = `
application: shop
target: { command: node server.js }
traffic: { listen: 8080 }
`;

async function project(context: TestContext, more = 'canary: { risk_budget: 500 }\n') {
  const cwd = await temporaryFolder(context);
  await writeFile(join(cwd, 'spillway.yaml'), PROJECT + more);
  return (...argv: string[]) =>
    run(['canary', 'plan', ...argv], {
      io: { cwd },
      commands: { adapterSchemas },
    });
}

const AT = ['--requests-per-second', '200', '--error-rate', '1'];

describe('canary plan', () => {
  test('shows steps, how soon bad versions are found, and what the budget is kept for; without a server', async (t) => {
    const plan = await project(t);
    const { code, out } = await plan(...AT);
    assert.equal(code, 0, out);
    assert.match(out, /^shop\/production {3}a risk budget of 500 requests at 200 requests\/s, 1% errors$/m);
    assert.match(out, /^ +1% +\d+s .* a dead version would be found$/m);
    assert.match(out, /^ +100% +5m +10m .* it is over$/m);
    assert.match(out, /^ +2x +[\d,]+, 9 of 10 at most [\d,]+ +over the budget$/m);
    assert.match(out, /The budget is kept by versions that fail 5 times as often, and worse ones\./);
    assert.match(out, /A healthy version is certified after 1m \d+s/);
  });

  test('as JSON, for another budget', async (t) => {
    const plan = await project(t);
    const { out } = await plan('shop', '--risk-budget', '5000', '-o', 'json', ...AT);
    const { budget, steps, keptFrom } = JSON.parse(out) as RolloutPlan;
    assert.deepEqual([budget, keptFrom, steps.at(-1)?.share], [5000, 2, 1]);
  });

  test('says that the traffic is too low, and what helps', async (t) => {
    const plan = await project(t);
    const { out } = await plan('--requests-per-second', '0.05', '--error-rate', '1');
    assert.match(out, /The traffic is too low to decide/);
    assert.match(out, /- test traffic, labelled as such: 0\.0\d+ requests\/s more/);
    assert.match(out, /- a person who decides/);
  });

  test('takes the traffic that the server counts', async (t) => {
    const { controlPlane, dataDir } = await startServer(t);
    controlPlane.world().serving('v1');
    const plan = await project(t);
    const unknown = await plan('--data', dataDir);
    assert.notEqual(unknown.code, 0);
    assert.match(unknown.err, /the present traffic is not known/);
    controlPlane.traffic = { requestsPerSecond: 40, errorRate: 0, phi: 1.8 };
    const { code, out } = await plan('--data', dataDir);
    assert.equal(code, 0, out);
    assert.match(out, /at 40 requests\/s, 0% errors \(reckoned as 0\.05%\)/);
  });

  test('says what is missing or wrong', async (t) => {
    const plan = await project(t, '');
    for (const [argv, said] of [
      [AT, /there is no risk budget to plan with[^]*canary\.risk_budget/],
      [['--risk-budget', 'few', ...AT], /--risk-budget is a whole number/],
      [['--risk-budget', '500', '--error-rate', '1'], /goes with --requests-per-second/],
      [['--risk-budget', '500', '--requests-per-second', '-3'], /a number above 0/],
      [['--risk-budget', '500', '--requests-per-second', '3', '--error-rate', 'all'], /a percentage/],
      [['blog', '--risk-budget', '500', ...AT], /is of shop/],
    ] as const) {
      const { code, err } = await plan(...argv);
      assert.notEqual(code, 0);
      assert.match(err, said);
    }
  });
});
