import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tapeOf } from '../../src/engine/observer/tape.ts';
import { readRecord } from '../../src/views/judge/record.ts';
import { verifyRecord } from '../../src/views/judge/verify.ts';
import { recordOf, recordText } from '../../src/views/judge/write.ts';
import { World } from '../core/given.ts';
import { watchRollout } from '../support/watched.ts';

test('a rollout that was really watched is judged again from its rows alone, with every verdict the same', () => {
  const { deployment, rows, events, latest } = watchRollout(new World(), 150);
  assert.equal(latest.verdict, 'issue');
  const tape = tapeOf(deployment, rows);
  assert.ok(tape);
  const text = recordText(recordOf(deployment, tape, events, latest));
  const result = verifyRecord(readRecord(text, 'record'), 'record');
  assert.deepEqual(result.differences, []);
  assert.equal(result.ticks, 150);
  assert.equal(result.verdicts, events.length + 1);
  assert.ok(result.verified);
});

test('where nothing was looked at, there is no record', () => {
  const world = new World();
  assert.equal(tapeOf(world.get(world.request('v1')), []), null);
});
