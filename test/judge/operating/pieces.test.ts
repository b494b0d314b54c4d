import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CELLS, type Cell } from '../../../bench/judge/cells.ts';
import { measuredTargets } from '../../../bench/judge/bars.ts';
import { missing, resultsOf, savePiece, toPiece } from '../../../bench/judge/pieces.ts';
import { play } from '../../../bench/judge/run.ts';
import { failing, healthy, slower } from '../../../bench/judge/scenarios.ts';
import { rollout } from './support.ts';

const base = CELLS[0] as Cell;
const cell: Cell = { ...base, id: 'a-cell', runs: 10 };
const moment = { second: 3, requests: 60 };
const outcomes = (count: number) =>
  Array.from({ length: count }, () => ({ moments: { retreat: moment }, realOfPredicted: 1.25 }));

describe('pieces', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'pieces-'))));
  after(() => rmSync(folder, { recursive: true }));

  test('add up over several invocations, and what is missing is what is computed next', () => {
    assert.deepEqual(missing(cell, 4, folder), [
      { from: 0, to: 4 },
      { from: 4, to: 8 },
      { from: 8, to: 10 },
    ]);
    savePiece(cell, toPiece(cell, 0, 'c0', outcomes(2)), folder);
    savePiece(cell, toPiece(cell, 6, 'c0', outcomes(2)), folder);
    savePiece(cell, toPiece(cell, 2, 'c0', outcomes(1)), folder);
    assert.deepEqual(missing(cell, 4, folder), [
      { from: 3, to: 6 },
      { from: 8, to: 10 },
    ]);
    const { runs, moments, realOfPredicted } = resultsOf(cell, folder);
    assert.equal(runs, 5);
    assert.deepEqual(
      moments.retreat,
      Array.from({ length: 5 }, () => moment),
    );
    assert.deepEqual(moments.rollback, []);
    assert.deepEqual(realOfPredicted, [1.25, 1.25, 1.25, 1.25, 1.25]);
  });

  test('of another judge, other streams or other settings are not counted', () => {
    const file = join(folder, `${cell.id}.json`);
    const other = { ...cell, scenario: { ...cell.scenario, stableInstances: 3 } };
    assert.equal(resultsOf(other, folder).runs, 0);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(/"judge": "\w+"/g, '"judge": "another"'));
    assert.equal(resultsOf(cell, folder).runs, 0);
    savePiece(cell, toPiece(cell, 0, 'c1', outcomes(1)), folder);
    assert.equal(resultsOf(cell, folder).runs, 1);
  });

  test('have a name of their own for each cell, and every target has its cell', () => {
    assert.equal(new Set(CELLS.map(({ id }) => id)).size, CELLS.length);
    assert.ok(measuredTargets().length > 30);
  });
});

test('a look only where the evidence allows a response finds what a look at every second finds', () => {
  const scenarios = [failing(0.01, 2), failing(0.1, 1.15), slower(0.2), healthy.cold(0.01, 0.5)];
  for (const scenario of scenarios)
    for (let seed = 1; seed <= 8; seed++) {
      const responses = (warnings: boolean) => {
        const { retreat, rollback } = play({ ...rollout(scenario, 400), warnings }, seed).moments;
        return { retreat, rollback };
      };
      assert.deepEqual(responses(false), responses(true));
    }
});
