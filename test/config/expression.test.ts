import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionProblem, evaluateCondition } from '../../src/config/expression.ts';

const event = {
  actor: 'ann',
  merged: true,
  text: 'true',
  one: 1,
  labels: ['ready', 'x'],
  metadata: { a: { b: 1 } },
};
const holds = (expression: string) => evaluateCondition(expression, event).holds;

test('a condition holds when it is true', () => {
  for (const expression of [
    'merged == true',
    'merged',
    'actor == "ann" && one == 1',
    'labels.exists(l, l == "ready")',
    'metadata.a.b < 2',
    'actor.startsWith("a")',
  ])
    assert.ok(holds(expression), expression);
});

test('everything but true does not hold', () => {
  for (const expression of [
    'text',
    'one',
    'labels',
    'actor == "bob"',
    'missing',
    'missing == true',
    'one / 0 == 1',
    'metadata.x.y == 1',
    'null',
    '"true"',
  ])
    assert.ok(!holds(expression), expression);
});

test("JavaScript's own names are unknown names", () => {
  for (const expression of [
    'constructor',
    '__proto__',
    'toString',
    'metadata.constructor',
    'actor.constructor',
    'labels.__proto__',
    'constructor.constructor("return true")()',
  ])
    assert.ok(!holds(expression), expression);
});

test('what cannot be read, or could take long, is refused', () => {
  assert.match(conditionProblem('merged = true') ?? '', /at character 8/);
  assert.match(conditionProblem('x'.repeat(2000)) ?? '', /1000 characters/);
  assert.match(conditionProblem('labels.all(a, labels.all(b, labels.all(c, true)))') ?? '', /2 loops/);
  assert.equal(conditionProblem('labels.all(a, labels.all(b, a != b))'), undefined);
  const many = { labels: Array.from({ length: 5000 }, (_, i) => i) };
  assert.ok(!evaluateCondition('labels.all(l, l >= 0)', many).holds);
  assert.ok(conditionProblem('('.repeat(900)) !== undefined);
});
