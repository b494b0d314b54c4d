import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from './cells.ts';
import { cellDigest, judgeDigest } from './digest.ts';
import { HAPPENINGS, type Happening, type Moment, type Outcome } from './outcome.ts';

/** Where they are kept in the repository. */
const PIECES = join(import.meta.dirname, '..', '..', 'docs', 'judge', 'pieces');

/** What came of the runs of a cell with seeds from `from` to before `to`. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** Of the project, when it was computed. */
  readonly commit: string;
  /** Digests of the judge's sources, and of the streams and settings: what differs now is not counted. */
  readonly judge: string;
  readonly streams: string;
  /** Of each thing that happened: `second/requests` of every run in which it did, separated by spaces. */
  readonly happened: Readonly<Partial<Record<Happening, string>>>;
  /** See `Outcome`, separated by spaces. */
  readonly realOfPredicted?: string;
}

/** Results of the pieces of a cell together. */
export interface Results {
  readonly runs: number;
  /** Of the runs in which it happened. */
  readonly moments: Readonly<Record<Happening, readonly Moment[]>>;
  readonly realOfPredicted: readonly number[];
}

export function toPiece(cell: Cell, from: number, commit: string, outcomes: readonly Outcome[]): Piece {
  const happened: Partial<Record<Happening, string>> = {};
  for (const what of HAPPENINGS) {
    const moments = outcomes.flatMap(({ moments: { [what]: moment } }) => moment ?? []);
    if (moments.length > 0)
      happened[what] = moments.map(({ second, requests }) => `${second}/${requests}`).join(' ');
  }
  const predictions = outcomes.flatMap(({ realOfPredicted }) => realOfPredicted?.toFixed(3) ?? []);
  return {
    from,
    to: from + outcomes.length,
    commit,
    judge: judgeDigest(cell.settings.rule),
    streams: cellDigest(cell),
    happened,
    ...(predictions.length === 0 ? {} : { realOfPredicted: predictions.join(' ') }),
  };
}

/** The pieces of a cell that are of the present judge, streams and settings, by seed. */
function readPieces(cell: Cell, folder: string = PIECES): readonly Piece[] {
  const file = fileOf(cell, folder);
  if (!existsSync(file)) return [];
  const { pieces } = JSON.parse(readFileSync(file, 'utf8')) as { readonly pieces: readonly Piece[] };
  const [judge, streams] = [judgeDigest(cell.settings.rule), cellDigest(cell)];
  return pieces.filter((piece) => piece.judge === judge && piece.streams === streams);
}

/** Adds a piece to those of its cell; what is no longer valid goes, and neighbours of the same commit become one. */
export function savePiece(cell: Cell, piece: Piece, folder: string = PIECES): void {
  mkdirSync(folder, { recursive: true });
  const pieces = [...readPieces(cell, folder), piece]
    .toSorted((a, b) => a.from - b.from)
    .reduce(withNeighbour, []);
  const file = fileOf(cell, folder);
  writeFileSync(`${file}.new`, `${JSON.stringify({ cell: cell.id, pieces }, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function resultsOf(cell: Cell, folder: string = PIECES): Results {
  const pieces = readPieces(cell, folder);
  const momentsOf = (what: Happening) => pieces.flatMap(({ happened }) => momentsIn(happened[what]));
  return {
    runs: pieces.reduce((sum, { from, to }) => sum + to - from, 0),
    moments: {
      warning: momentsOf('warning'),
      retreat: momentsOf('retreat'),
      rollback: momentsOf('rollback'),
      certificate: momentsOf('certificate'),
      completed: momentsOf('completed'),
    },
    realOfPredicted: pieces.flatMap((piece) => words(piece.realOfPredicted).map(Number)),
  };
}

/** Seeds of a cell that are not yet computed, in parts of at most `size`. */
export function missing(
  cell: Cell,
  size: number,
  folder: string = PIECES,
): ReadonlyArray<{ readonly from: number; readonly to: number }> {
  const parts: Array<{ from: number; to: number }> = [];
  const fill = (from: number, end: number) => {
    for (let at = from; at < end; at += size) parts.push({ from: at, to: Math.min(end, at + size) });
  };
  let at = 0;
  for (const { from, to } of readPieces(cell, folder)) {
    fill(at, Math.min(from, cell.runs));
    at = to;
  }
  fill(at, cell.runs);
  return parts;
}

const fileOf = ({ id }: Cell, folder: string) => join(folder, `${id}.json`);

const words = (text: string | undefined) => (text === undefined ? [] : text.split(' '));

const momentsIn = (text: string | undefined): Moment[] =>
  words(text).map((word) => {
    const [second, requests] = word.split('/');
    return { second: Number(second), requests: Number(requests) };
  });

function withNeighbour(pieces: readonly Piece[], piece: Piece): readonly Piece[] {
  const last = pieces.at(-1);
  if (last === undefined || last.to !== piece.from || last.commit !== piece.commit) return [...pieces, piece];
  const happened: Partial<Record<Happening, string>> = {};
  for (const what of HAPPENINGS) {
    const both = [...words(last.happened[what]), ...words(piece.happened[what])];
    if (both.length > 0) happened[what] = both.join(' ');
  }
  const predictions = [...words(last.realOfPredicted), ...words(piece.realOfPredicted)];
  const joined: Piece = { ...last, to: piece.to, happened };
  const whole = predictions.length === 0 ? joined : { ...joined, realOfPredicted: predictions.join(' ') };
  return [...pieces.slice(0, -1), whole];
}
