import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAST_WARM_UP } from '../../src/config/defaults.ts';
import { planFor } from '../../src/config/plan.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { days, hours, minutes, seconds } from '../../src/core/time.ts';
import { LEAST_WARM_UP_MS } from '../../src/judge/index.ts';
import { adapters, BASE, configOf } from './adapters.ts';

const plan = (more: string, environment = 'production', trigger?: number) =>
  planFor(configOf(BASE + more), environment, trigger);
const percents = (more: string) => plan(more).steps.map((step) => step.weight / 100);

test('three lines make a plan with every default of the specification', () => {
  assert.deepEqual(plan(''), {
    strategy: 'canary',
    steps: [1, 10, 50, 100].map((percent) => ({
      weight: percent * 100,
      minimum: minutes(30),
      maximum: hours(1),
    })),
    pace: 'time',
    onInconclusive: 'pause',
    gates: [],
    artifact: { path: '.', build: null },
    runtime: {
      target: {
        type: 'process',
        settings: adapters.targets['process']?.parse({ command: ['node', 'server.js'] }),
      },
      traffic: {
        type: 'edge',
        settings: { listen: { host: '0.0.0.0', port: 8080 }, sticky: { by: 'cookie', name: 'spillway' } },
      },
      instances: 1,
    },
    analysis: {
      judge: 'sequential',
      stages: 2,
      certificate: 'standard',
      baseline: 'stable',
      alpha: 0.01,
      warmUp: 'auto',
      errorRate: 0.01,
      aboveBaseline: false,
      p95: null,
      p99: null,
      errorRateIncrease: 1.2,
      errorDifference: 0.005,
      crashRate: 1,
      window: minutes(5),
      crashWindow: minutes(5),
      compare: true,
    },
    health: { interval: seconds(30), consecutiveFailures: 3, startTimeout: minutes(5) },
    rollback: { when: 'automatic', maxAttempts: 3, toZero: seconds(40) },
    soak: hours(24),
    duringSoak: 'replace',
    pauseLimit: hours(72),
    deadlines: {
      pending: minutes(10),
      validating: minutes(10),
      building: minutes(30),
      testing: minutes(60),
      approval: hours(72),
      approved: days(7),
      deploying: minutes(15),
      verifying: minutes(15),
      monitoring: hours(1),
      rollingBack: minutes(10),
    },
  });
});

test('a plan is plain JSON', () => {
  const made = plan('');
  assert.deepEqual(JSON.parse(JSON.stringify(made)), made);
});

test('automatic rollback triggers as the specification writes them', () => {
  const { analysis, health } = plan(`
automatic_rollback_triggers:
  health_checks: { consecutive_failures: 4, check_interval: 10s, timeout: 2m }
  error_rate: { threshold: 5, window: 10m, comparison: baseline }
  latency: { p95_threshold: 10s, p99_threshold: 30s, window: 600s }
  crash_rate: { threshold: 2, window: 3m }
  canary_failure: { error_rate_increase: 50, rollback_to: stable_version }
`);
  assert.deepEqual(health, { interval: seconds(10), consecutiveFailures: 4, startTimeout: minutes(2) });
  const { errorRate, aboveBaseline, p95, p99, crashRate, errorRateIncrease, window, crashWindow } = analysis;
  assert.deepEqual(
    { errorRate, aboveBaseline, p95, p99, crashRate, errorRateIncrease, window, crashWindow },
    {
      errorRate: 0.05,
      aboveBaseline: true,
      p95: seconds(10),
      p99: seconds(30),
      crashRate: 2,
      errorRateIncrease: 1.5,
      window: minutes(10),
      crashWindow: minutes(3),
    },
  );
});

test('how a canary is judged, and at what pace it goes', () => {
  const own = plan(`
canary: { judge: sequential, stages: 1, pace: evidence, certificate: strict, baseline: stable, warm_up: 2m }
`);
  const { judge, stages, certificate, baseline, warmUp } = own.analysis;
  assert.deepEqual(
    { pace: own.pace, judge, stages, certificate, baseline, warmUp },
    {
      pace: 'evidence',
      judge: 'sequential',
      stages: 1,
      certificate: 'strict',
      baseline: 'stable',
      warmUp: minutes(2),
    },
  );
  assert.equal(plan('canary: { judge: mann_whitney }').analysis.judge, 'mann_whitney');
  assert.equal(plan('canary: { warm_up: auto }').analysis.warmUp, 'auto');
});

test('of two limits for the error rate the smaller holds', () => {
  const limits = (threshold: number, rollback: number) =>
    plan(`
canary: { rollback_threshold: ${rollback} }
automatic_rollback_triggers: { error_rate: { threshold: ${threshold} } }
`).analysis.errorRate;
  assert.equal(limits(5, 2), 0.02);
  assert.equal(limits(2, 5), 0.02);
});

test('steps of a canary', () => {
  assert.deepEqual(
    percents('canary: { initial_percentage: 10, increment_steps: [10, 50, 100] }'),
    [10, 50, 100],
  );
  assert.deepEqual(
    percents('canary: { initial_percentage: 5, increment_steps: [10, 50] }'),
    [5, 10, 50, 100],
  );
  assert.deepEqual(percents('canary: { initial_percentage: 20 }'), [20, 50, 100]);
  assert.deepEqual(percents('canary: { step_duration: 1m }'), [1, 10, 50, 100]);
  assert.deepEqual(percents('strategy: immediate'), [100]);
  assert.deepEqual(
    plan(
      'canary: { step_duration: 5m, increment_steps: [{ weight: 20, min: 1m }, { weight: 60, max: 1h }, 100] }',
    ).steps,
    [
      { weight: 2000, minimum: minutes(1), maximum: minutes(2) },
      { weight: 6000, minimum: minutes(5), maximum: hours(1) },
      { weight: 10_000, minimum: minutes(5), maximum: minutes(10) },
    ],
  );
});

const FOUR = `
gates: { test: { run: npm test } }
environments:
  dev: { traffic: { listen: 1001 } }
  qa: { traffic: { listen: 1002 } }
  staging: { traffic: { listen: 1003 } }
  production: { traffic: { listen: 1004 } }
`;

test('defaults go by the name of the environment', () => {
  const of = (name: string) => {
    const { strategy, soak, duringSoak, rollback, analysis } = plan(FOUR, name);
    return [strategy, soak, duringSoak, rollback.when, analysis.compare, analysis.crashRate];
  };
  assert.deepEqual(of('dev'), ['immediate', 0, 'replace', 'immediate', false, null]);
  assert.deepEqual(of('qa'), ['immediate', hours(1), 'replace', 'on_failure', true, null]);
  assert.deepEqual(of('staging'), ['immediate', hours(24), 'hold', 'automatic', true, 1]);
  assert.deepEqual(of('production'), ['canary', hours(24), 'replace', 'automatic', true, 1]);
});

test('monitoring: basic compares nothing and limits nothing but health', () => {
  const { analysis } = plan(
    'environments: { production: { monitoring: basic } }\nautomatic_rollback_triggers: { error_rate: { threshold: 5 }, latency: { p95_threshold: 1s } }',
  );
  assert.deepEqual(
    [analysis.compare, analysis.errorRate, analysis.p95, analysis.crashRate],
    [false, null, null, null],
  );
});

test('an environment overrides what the top says, key by key', () => {
  const config = configOf(`
application: shop
target: { command: node server.js, instances: 2, env: { A: a, B: b }, stop_timeout: 10s }
health: { path: /health, interval: 5s, timeout: 1s }
traffic: { listen: 8080, sticky: none }
canary: { step_duration: 5m, rollback_threshold: 5 }
environments:
  staging: { target: { instances: 1, env: { B: c } }, health: { path: /ready }, traffic: { listen: "127.0.0.1:8081" } }
  production: { canary: { rollback_threshold: 2 } }
`);
  const staging = planFor(config, 'staging');
  assert.equal(staging.runtime.instances, 1);
  const { command, env, health, stop_timeout } = staging.runtime.target.settings as Record<string, unknown>;
  assert.deepEqual(command, ['node', 'server.js']);
  assert.deepEqual(env, { A: 'a', B: 'c' });
  assert.equal(stop_timeout, 10_000);
  assert.deepEqual(health, { ...(health as object), path: '/ready', timeout: 1000 });
  assert.deepEqual(staging.runtime.traffic.settings, {
    listen: { host: '127.0.0.1', port: 8081 },
    sticky: { by: 'none' },
  });
  assert.equal(staging.health.interval, seconds(5));
  assert.equal(staging.analysis.errorRate, 0.05);
  const production = planFor(config, 'production');
  assert.equal(production.analysis.errorRate, 0.02);
  assert.equal(production.steps[0]?.minimum, minutes(5));
});

test('gates: sets, needs and triggers add up, each gate once and after those it needs', () => {
  const config = configOf(`${BASE}
gates:
  test: { run: npm test, needs: [compile], conditions: { failures: 0, coverage: ">= 80%" }, timeout: 5m }
  compile: { run: [make, all], condition: errors == 0, on_missing: warn, on_failure: warn }
  lint: { run: npm run lint }
environments:
  production: { required_gates: [test], gates: { test: { conditions: { coverage: ">= 95%" }, timeout: 9m } } }
triggers:
  - { event: push, branches: [main], action: deploy_production, gates: [lint, test] }
  - { event: push, tags: ['v*'], action: deploy_production, gates: [all_quality_gates] }
`);
  const names = (trigger?: number) => planFor(config, 'production', trigger).gates.map((gate) => gate.name);
  assert.deepEqual(names(), ['compile', 'test']);
  assert.deepEqual(names(0), ['compile', 'test', 'lint']);
  assert.deepEqual(names(1), ['compile', 'test', 'lint']);
  const [compile, tests] = planFor(config, 'production').gates;
  assert.deepEqual(compile, {
    name: 'compile',
    timeout: minutes(15),
    onFailure: 'warn',
    needs: [],
    run: {
      type: 'command',
      settings: {
        command: ['make', 'all'],
        conditions: [{ figure: 'errors', operator: '==', value: 0, unit: 'number', text: 'errors == 0' }],
        on_missing: 'warn',
        env: {},
      },
    },
  });
  assert.equal(tests?.timeout, minutes(9));
  const conditions = tests?.run.settings['conditions'] as ReadonlyArray<{ readonly text: string }>;
  assert.deepEqual(
    conditions.map((condition) => condition.text),
    ['failures == 0', 'coverage >= 95%'],
  );
});

test('a plan for what is not there says so', () => {
  const config = configOf(BASE);
  assert.throws(() => planFor(config, 'staging'), { code: 'not_found' });
  assert.throws(() => planFor(config, '__proto__'), { code: 'not_found' });
  assert.throws(() => planFor(config, 'production', 7), { code: 'not_found' });
});

test('the five-step canary of the specification soaks for 48 hours', () => {
  const five = '[{ weight: 0, min: 1h, max: 2h }, 10, 25, 50, 100]';
  const { config, problems } = parseConfig(`${BASE}canary: { increment_steps: ${five} }`, 'f', adapters);
  assert.deepEqual(problems, []);
  assert.equal(config && planFor(config, 'production').soak, hours(48));
});

test('the warm-up that a first step is held against is no shorter than the judge’s own', () => {
  assert.equal(LEAST_WARM_UP, LEAST_WARM_UP_MS);
});
