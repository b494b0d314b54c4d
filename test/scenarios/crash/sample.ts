import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Matrix, objections, type Kind } from './matrix.ts';
import type { CrashPoint } from './tripwire.ts';

/** A point by what its transition writes. */
export interface Moment {
  readonly side: CrashPoint['side'];
  readonly writes: string;
}

/** Tests of some points of a matrix; `make bench NAME=crash` tries them all. */
export function killedAt(kind: Kind, moments: readonly Moment[]): void {
  describe(`kill -9 in a ${kind}`, () => {
    let matrix: Matrix | undefined;
    before(async () => {
      matrix = await Matrix.build(kind);
    });
    after(() => matrix?.tearDown());

    for (const { side, writes } of moments)
      it(`${side} it has written ${writes}`, async () => {
        assert.ok(matrix);
        const index = matrix.transitions.findIndex((name) => name.includes(writes));
        assert.notEqual(index, -1, `the undisturbed run had no ${writes}: ${matrix.transitions.join(', ')}`);
        const tried = await matrix.tryAt({ transition: index + 1, side });
        assert.ok(tried.killed);
        assert.ok(tried.transitions.at(-1)?.includes(writes), tried.transitions.join(', '));
        assert.deepEqual(objections(tried), []);
      });

    it('leaves an audit log that proves itself', async () => {
      await matrix?.scenario.proveAudit();
    });
  });
}
