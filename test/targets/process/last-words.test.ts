import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from '../../../src/targets/process/logs.ts';

test('a program’s last words are the error that it names, not what its runtime prints after it', () => {
  const node = [
    'listening',
    'file:///app/server.js:5',
    "if (!KEY) throw new Error('KEY is not set');",
    '                ^',
    '',
    'Error: KEY is not set',
    '    at file:///app/server.js:5:11',
    '',
    'Node.js v24.0.0',
  ];
  assert.equal(lastWords(node), 'Error: KEY is not set');
  assert.equal(lastWords(['panic: no route', '', 'goroutine 1 [running]:']), 'panic: no route');
  assert.equal(lastWords(['  File "app.py", line 1', "KeyError: 'KEY'"]), "KeyError: 'KEY'");
  assert.equal(lastWords(['listening', 'leaving', '']), 'leaving');
  assert.equal(lastWords([]), '');
});
