import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dead, failing, healthy, slower } from '../../../bench/judge/scenarios.ts';
import { happened, rollout, twins } from './support.ts';

/** Seeded runs with wide margins: they tell a broken judge, not a slightly worse one. `make judge-bench` has the figures. */
describe('operating characteristics', () => {
  test('identical arms are rarely condemned, looked at every second for ten minutes', () => {
    const { times } = happened('retreat', 150, rollout(twins(0.005), 600));
    assert.ok(times <= 4, `${times} of 150`);
  });

  test('identical arms that fail often, at equal shares, are rarely condemned', () => {
    const scenario = { ...twins(0.05), canaryShare: 0.5 };
    const { times } = happened('retreat', 100, rollout(scenario, 200));
    assert.ok(times <= 3, `${times} of 100`);
  });

  test('drift that both arms share condemns nobody', () => {
    const { times } = happened('retreat', 40, rollout(healthy.drift(0.01), 1800));
    assert.ok(times <= 2, `${times} of 40`);
  });

  test('a doubling at 1% brings a retreat, and later a rollback', () => {
    const doubled = rollout(failing(0.01, 2), 1800);
    const retreat = happened('retreat', 60, doubled);
    assert.equal(retreat.times, 60);
    assert.ok(retreat.quantile('requests', 0.5) <= 3000, `median ${retreat.quantile('requests', 0.5)}`);
    const rollback = happened('rollback', 60, doubled);
    assert.equal(rollback.times, 60);
    assert.ok(rollback.quantile('requests', 0.5) >= retreat.quantile('requests', 0.5));
    assert.ok(rollback.quantile('requests', 0.5) <= 4000, `median ${rollback.quantile('requests', 0.5)}`);
  });

  test('five and twenty times the errors are found within hundreds of canary requests', () => {
    const five = happened('retreat', 60, rollout(failing(0.005, 5), 300));
    assert.ok(five.quantile('requests', 0.5) <= 700, `5x: median ${five.quantile('requests', 0.5)}`);
    const twenty = happened('retreat', 60, rollout(failing(0.001, 20), 300));
    assert.ok(twenty.quantile('requests', 0.5) <= 450, `20x: median ${twenty.quantile('requests', 0.5)}`);
  });

  test('a canary that answers 20% more slowly brings a warning, and is rolled back', () => {
    const slow = { ...rollout(slower(0.2), 600), warnings: true };
    const warning = happened('warning', 30, slow);
    assert.ok(warning.quantile('requests', 0.5) <= 1000, `median ${warning.quantile('requests', 0.5)}`);
    const rollback = happened('rollback', 30, slow);
    assert.equal(rollback.times, 30);
    assert.ok(rollback.quantile('requests', 0.5) <= 4500, `median ${rollback.quantile('requests', 0.5)}`);
  });

  test('a dead release is found within some twenty canary requests, also in its warm-up', () => {
    const { times, quantile } = happened('rollback', 100, rollout(dead(20), 60, { warmUpMs: 'auto' }));
    assert.equal(times, 100);
    assert.ok(quantile('requests', 0.5) <= 20, `median ${quantile('requests', 0.5)}`);
    assert.ok(quantile('requests', 0.9) <= 30, `90th percentile ${quantile('requests', 0.9)}`);
  });

  test('a healthy service is certified, a doubling hardly ever', () => {
    const good = happened('certificate', 60, { ...rollout(twins(0.01), 400), until: 'certificate' });
    assert.ok(good.times >= 56, `${good.times} of 60`);
    assert.ok(good.quantile('requests', 0.5) <= 1500, `median ${good.quantile('requests', 0.5)}`);
    const doubled = { ...rollout(failing(0.01, 2), 400), until: 'certificate' } as const;
    const wrong = happened('certificate', 150, doubled).times;
    assert.ok(wrong <= 14, `${wrong} of 150`);
    const strict = { ...doubled, settings: { ...doubled.settings, certificate: 'strict' } } as const;
    const strictlyWrong = happened('certificate', 150, strict).times;
    assert.ok(strictlyWrong <= 4, `${strictlyWrong} of 150`);
  });

  test('a service without errors is certified where an error rate is acceptable in itself', () => {
    const certified = (scenario: ReturnType<typeof twins>, acceptableErrorRate?: number) => {
      const settings = acceptableErrorRate === undefined ? {} : { acceptableErrorRate };
      const one = { ...rollout(scenario, 120, settings), until: 'certificate' } as const;
      return happened('certificate', 40, one).times;
    };
    assert.equal(certified(twins(0)), 0);
    assert.equal(certified(twins(0), 0.005), 40);
    const over = certified({ ...failing(0.0001, 100), name: 'over it' }, 0.005);
    assert.ok(over <= 4, `${over} of 40`);
  });

  test('the predicted time to the certificate is of the right size', () => {
    const one = { ...rollout(twins(0.01), 1200), until: 'certificate' } as const;
    const ratios = happened('certificate', 60, one).outcomes.flatMap(
      (outcome) => outcome.realOfPredicted ?? [],
    );
    const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN;
    assert.ok(median > 0.5 && median < 2, `real / predicted: median ${median}`);
  });

  test('a good release at the pace of the evidence is at 100% within minutes', () => {
    const paced = {
      ...rollout(twins(0.01), 900, { warmUpMs: 'auto', acceptableErrorRate: 0.005 }),
      paced: true,
      until: 'completed',
    } as const;
    const { times, quantile } = happened('completed', 40, paced);
    assert.ok(times >= 38, `${times} of 40`);
    assert.ok(quantile('second', 0.5) <= 200, `median ${quantile('second', 0.5)}`);
  });
});
