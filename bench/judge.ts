/**
 * What the judge is worth: false alarms on identical code, how soon it finds regressions, what certificates cost, and its own cost,
 * beside the plain rules of other tools on the same streams. Results of simulated rollouts are kept in docs/judge/pieces; what is
 * missing there is computed for so long as MINUTES says (3 unless told; `all`), on WORKERS processes; CELL=x only for cells whose
 * id holds x.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { measuredTargets } from './judge/bars.ts';
import { CELLS, type Cell } from './judge/cells.ts';
import { measureCost } from './judge/cost.ts';
import { writeDocument } from './judge/document.ts';
import { missing, savePiece, toPiece } from './judge/pieces.ts';
import { computeAll } from './judge/pool.ts';
import { rowsOf } from './judge/rows.ts';
import { CellStatistics } from './judge/statistics.ts';
import { report } from './lib/report.ts';

/** Simulated seconds of a part: some ten seconds of work, since an interrupted part is lost. */
const PART_SECONDS = 2_000_000;
const MOST_RUNS = 250;
const USUAL_MINUTES = 3;
/** Seconds of a rollout. */
const LONGEST_SHORT = 3600;

const asked = process.env['MINUTES'];
const minutes = asked === 'all' ? Infinity : Number(asked ?? USUAL_MINUTES);
const workers = Number(process.env['WORKERS'] ?? availableParallelism());
const wanted = CELLS.filter(({ id }) => id.includes(process.env['CELL'] ?? ''));

const partSize = ({ seconds }: Cell) => Math.max(1, Math.min(MOST_RUNS, Math.round(PART_SECONDS / seconds)));

/** Short cells come first, one after the other; long ones grow side by side. */
const turnOf = ({ seconds }: Cell, from: number) => (seconds <= LONGEST_SHORT ? -1 : from);

const head = () => execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();

async function compute(): Promise<void> {
  const commit = head();
  const parts = wanted
    .flatMap((cell) =>
      missing(cell, partSize(cell)).map((part) => ({
        ...part,
        cell: cell.id,
        turn: turnOf(cell, part.from),
      })),
    )
    .toSorted((a, b) => a.turn - b.turn);
  let done = 0;
  await computeAll(parts, workers, Date.now() + minutes * 60_000, ({ cell: id, from, to, outcomes }) => {
    const cell = wanted.find((one) => one.id === id);
    if (cell === undefined) return;
    savePiece(cell, toPiece(cell, from, commit, outcomes));
    done++;
    console.log(`judge: ${id}, seeds ${from} to ${to - 1} (${done} of ${parts.length} missing parts)`);
  });
}

await compute();
const statistics = CELLS.map((cell) => new CellStatistics(cell)).filter(({ runs }) => runs > 0);
const out = join(import.meta.dirname, 'out');
mkdirSync(out, { recursive: true });
const rows = statistics.flatMap(rowsOf);
writeFileSync(join(out, 'judge-characteristics.json'), `${JSON.stringify(rows, undefined, 2)}\n`);
writeDocument(statistics);
report('judge', [...measuredTargets(), ...measureCost()]);
