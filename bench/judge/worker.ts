/** Plays the runs that its parent asks for, one message a part; ends with its parent. */
import { CELLS } from './cells.ts';
import type { Outcome } from './outcome.ts';
import { play } from './run.ts';

/** Seeds from `from` to before `to` of a cell. */
export interface Part {
  readonly cell: string;
  readonly from: number;
  readonly to: number;
}

export interface PartDone extends Part {
  readonly outcomes: readonly Outcome[];
}

process.on('message', (message) => {
  const part = message as Part;
  const cell = CELLS.find(({ id }) => id === part.cell);
  if (cell === undefined) throw new Error(`there is no cell ${part.cell}`);
  const seeds = Array.from({ length: part.to - part.from }, (_, i) => part.from + i);
  const done: PartDone = { ...part, outcomes: seeds.map((seed) => play(cell, seed)) };
  process.send?.(done);
});
process.on('disconnect', () => process.exit());
