import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { adapterSchemas } from '../../src/server/project.ts';
import { backfill, noPromtool, releases } from '../support/past.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { run, temporaryFolder } from '../support/running-cli.ts';

const CONFIG = `
application: shop
target: { command: node server.js }
traffic: { listen: 8080 }
canary: { warm_up: 1m, increment_steps: [10, 50, 100], step_duration: 4h }
`;

interface Learnt {
  readonly deployments: readonly {
    readonly version: string;
    readonly stable: string;
    readonly label: string;
  }[];
  readonly policies: readonly {
    readonly name: string;
    readonly written: string | null;
    readonly falseRollbacks: { readonly count: number; readonly of: number; readonly high: number };
    readonly missed: { readonly count: number; readonly of: number };
    readonly undecided: number;
    readonly exposure: number;
  }[];
}

describe('a policy from history, in a real Prometheus', { skip: noPromtool ?? false }, () => {
  it('finds every deployment of the past, and recommends what would have served them best', async (t) => {
    const cwd = await temporaryFolder(t);
    const past = releases(30);
    const blocks = await backfill(cwd, past, Date.now());
    const prometheus = await startPrometheus({}, `--storage.tsdb.path=${blocks}`);
    t.after(() => prometheus.stop());
    await writeFile(join(cwd, 'spillway.yaml'), CONFIG);
    const simulate = (...flags: readonly string[]) =>
      run(['simulate', '--prometheus', prometheus.url, '--days', '4', ...flags], {
        commands: { adapterSchemas },
        io: { cwd, now: Date.now },
      });

    const latency = ['--latency', 'http_request_seconds_bucket{app="{{app}}",version="{{version}}"}'];
    const { out, code, err } = await simulate(...latency, '-o', 'json');
    assert.equal(code, 0, err);
    const { deployments, policies } = JSON.parse(out) as Learnt;
    let stable = '1.0.0';
    const expected = past.map(({ version, withdrawn }) => {
      const line = `${version} beside ${stable} ${withdrawn ? 'bad' : 'good'}`;
      if (!withdrawn) stable = version;
      return line;
    });
    const told = deployments.map((one) => `${one.version} beside ${one.stable} ${one.label}`);
    assert.deepEqual(told.slice(0, -1), expected.slice(0, -1));
    assert.match(told.at(-1) ?? '', /^1\.30\.0 beside .* unknown$/, 'it came too lately');

    const [best] = policies;
    assert.equal(policies.length, 6);
    assert.deepEqual([best?.falseRollbacks.count, best?.falseRollbacks.of], [0, 23]);
    assert.deepEqual([best?.missed.count, best?.missed.of], [0, 6]);
    assert.ok((best?.falseRollbacks.high ?? 0) > 0.1, 'twenty-three prove little');
    assert.equal(best?.undecided, 0);
    assert.ok((best?.exposure ?? Infinity) < 2000, `${best?.exposure}`);
    const configured = policies.find(({ name }) => name === 'as configured');
    assert.equal(configured?.undecided, 23, 'steps of four hours are longer than the rollouts were');

    const table = (await simulate(...latency)).out;
    assert.match(table, /^shop\/production {3}30 deployments in 4 days\n/);
    assert.match(
      table,
      /Taken for bad: 6, which were gone within 1d .* Taken for good: 23; 1 came too lately/,
    );
    assert.match(table, /\nrecommended: .+\n {2}canary: \{ increment_steps/);
    assert.match(table, /6 bad and 23 good ones are few/);
    assert.match(table, /of the canary's requests were drawn again/);

    const nothing = await simulate('--requests', 'no_such_total{version="{{version}}"}');
    assert.match(nothing.err, /no deployment in the last 4 days/);
    const unlabelled = await simulate('--requests', 'http_requests_total');
    assert.match(unlabelled.err, /does not say which label is the version/);
  });
});
