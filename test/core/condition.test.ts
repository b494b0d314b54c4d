import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeCondition, parseCondition, parseExpression } from '../../src/core/condition.ts';
import type { JsonObject } from '../../src/core/json.ts';

const judge = (figure: string, written: string | number | boolean, figures: JsonObject) =>
  judgeCondition(parseCondition(figure, written), figures);
const refused = (figure: string, written: string | number | boolean) =>
  assert.throws(() => parseCondition(figure, written), { code: 'config_invalid' }, `${figure}: ${written}`);

describe('a condition as written', () => {
  it('is a bare value or a comparison, with its unit', () => {
    const read = (figure: string, written: string | number | boolean) => {
      const { operator, value, unit } = parseCondition(figure, written);
      return [operator, value, unit];
    };
    assert.deepEqual(read('eunit_failures', 0), ['==', 0, 'number']);
    assert.deepEqual(read('ct_pass_rate', 1), ['==', 1, 'ratio']);
    assert.deepEqual(read('coverage', '>= 80%'), ['>=', 0.8, 'ratio']);
    assert.deepEqual(read('p95_latency', '< 0.5s'), ['<', 500, 'ms']);
    assert.deepEqual(read('regression', '<10%'), ['<', 0.1, 'ratio']);
    assert.deepEqual(read('error_rate', '< 0.1%'), ['<', 0.001, 'ratio']);
    assert.deepEqual(read('license_compliance', 'pass'), ['==', 'pass', 'text']);
    assert.deepEqual(read('bundle_size', '<= 1.5MB'), ['<=', 1_500_000, 'bytes']);
    assert.deepEqual(read('bundle_size', '<= 1 KiB'), ['<=', 1024, 'bytes']);
    assert.deepEqual(read('anything', true), ['==', 'true', 'text']);
    assert.deepEqual(read('p95_latency', '> 0'), ['>', 0, 'ms']);
    assert.deepEqual(parseExpression('errors == 0'), parseCondition('errors', 0));
  });

  it('is refused with the wrong unit', () => {
    refused('coverage', '>= 500ms');
    refused('coverage', '>= 80'); // a ratio is never 80
    refused('coverage', '>= 101%');
    refused('p95_latency', '< 10%');
    refused('p95_latency', '< 500');
    refused('errors', '< 10%');
    refused('critical_vulnerabilities', 'none');
    refused('license_compliance', 0);
    refused('api.p99_latency', '< 5MB');
    refused('errors', '>=');
    refused('anything', '> many');
    assert.throws(() => parseExpression('errors'), { code: 'config_invalid' });
    assert.throws(() => parseExpression('== 0'), { code: 'config_invalid' });
  });
});

describe('a condition judged', () => {
  it('says in words why a figure does not do', () => {
    assert.deepEqual(judge('coverage', '>= 80%', { coverage: 0.71 }), {
      verdict: 'fail',
      reason: 'coverage 71% is not >= 80%',
    });
    assert.equal(judge('errors', 0, { errors: 3 }).reason, 'errors 3 is not 0');
    assert.equal(
      judge('p95_latency', '< 500ms', { p95_latency: 612.25 }).reason,
      'p95_latency 612.25ms is not < 500ms',
    );
  });

  it('takes figures with a unit of their own', () => {
    assert.equal(judge('coverage', '>= 80%', { coverage: '80%' }).verdict, 'pass');
    assert.equal(judge('coverage', '>= 80%', { coverage: '79.99%' }).verdict, 'fail');
    assert.equal(judge('p95_latency', '< 500ms', { p95_latency: '0.4s' }).verdict, 'pass');
    assert.equal(judge('p95_latency', '< 500ms', { p95_latency: '3%' }).verdict, 'fail');
  });

  it('fails a share above 1, which would pass every lower limit', () => {
    assert.equal(judge('coverage', '>= 80%', { coverage: 71 }).verdict, 'fail');
    assert.equal(judge('own.share', '>= 80%', { own: { share: 71 } }).verdict, 'fail');
    assert.equal(judge('regression', '< 200%', { regression: 1.5 }).verdict, 'pass');
  });

  it('finds figures by path and nothing that an object merely inherits', () => {
    assert.equal(
      judge('jest.line.coverage', '>= 80%', { jest: { line: { coverage: 0.9 } } }).verdict,
      'pass',
    );
    assert.equal(judge('a.b', 1, { 'a.b': 1, a: { b: 2 } }).verdict, 'pass');
    assert.equal(judge('a.constructor.name', 'Object', { a: {} }).verdict, 'missing');
    assert.equal(judge('__proto__', 'x', {}).verdict, 'missing');
    assert.equal(judge('a', 1, { a: null }).verdict, 'missing');
    assert.equal(judge('a', 1, { a: [1] }).verdict, 'fail');
  });

  it('agrees with the operators on numbers, whatever they are', () => {
    const operators: Record<string, (a: number, b: number) => boolean> = {
      '==': (a, b) => a === b,
      '!=': (a, b) => a !== b,
      '<': (a, b) => a < b,
      '<=': (a, b) => a <= b,
      '>': (a, b) => a > b,
      '>=': (a, b) => a >= b,
    };
    const hundredths = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(operators)), hundredths, hundredths, (operator, a, b) => {
        const verdict = judge('own', `${operator} ${(b / 100).toFixed(2)}`, { own: a / 100 }).verdict;
        return (verdict === 'pass') === operators[operator]?.(a, b);
      }),
    );
  });
});
