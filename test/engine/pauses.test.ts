import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { milliseconds } from '../../src/core/time.ts';
import { Pauses } from '../../src/engine/pauses.ts';
import { VirtualSystem } from '../support/virtual-system.ts';

describe('pauses', () => {
  it('lets the first through at once, and all that are asked for in a pause as one at its end', async () => {
    const system = new VirtualSystem();
    const acts: number[] = [];
    const begun = system.now();
    const pauses = new Pauses(system, milliseconds(20), () => acts.push(system.now() - begun));
    for (let asked = 0; asked < 3; asked++) pauses.ask();
    assert.deepEqual(acts, [0]);

    await system.advance(milliseconds(30));
    pauses.ask();
    await system.advance(milliseconds(100));
    assert.deepEqual(acts, [0, 20, 40]);

    pauses.ask();
    assert.deepEqual(acts, [0, 20, 40, 130], 'nothing is kept from one who comes alone');
  });
});
