import { copyFile, open, rename, stat, truncate } from 'node:fs/promises';
import { missing } from '../../exec/files.ts';
import { instanceFiles } from './layout.ts';

const ROTATE_ABOVE = 10_000_000;
/** More than this is not read back of one file. */
const TAIL = 1_000_000;

/**
 * Keeps an instance's output below twice the limit. It is copied and cut, not renamed: the instance goes on writing (at the
 * end, as the file was opened for appending) into the file that it has. What is written between the two is lost.
 * @returns what does so; of those who ask for the same folder at the same time, one does it
 */
export function createRotation(): (folder: string) => Promise<void> {
  const underWay = new Set<string>();
  return async (folder) => {
    if (underWay.has(folder)) return;
    underWay.add(folder);
    try {
      await rotate(folder);
    } finally {
      underWay.delete(folder);
    }
  };
}

async function rotate(folder: string): Promise<void> {
  const { log, oldLog } = instanceFiles(folder);
  const size = (await stat(log).catch(missing))?.size ?? 0;
  if (size <= ROTATE_ABOVE) return;
  await copyFile(log, `${oldLog}.new`);
  await rename(`${oldLog}.new`, oldLog);
  await truncate(log);
}

/** The last lines of an instance's output, oldest first; none when there is no output. */
export async function lastLines(folder: string, count: number): Promise<readonly string[]> {
  const { log, oldLog } = instanceFiles(folder);
  const newer = await linesOf(log);
  const lines = newer.length < count ? [...(await linesOf(oldLog)), ...newer] : newer;
  return count > 0 ? lines.slice(-count) : [];
}

/** A line that names an error: `TypeError: ...`, `panic: ...`, `error: ...`. */
const NAMES_AN_ERROR = /^(?:[\w.]*(?:Error|Exception)\b|panic:|fatal\b|error\b)/i;

/**
 * What a program said of its end: the last line that names an error (runtimes print a stack or their version after it), else
 * the last that is not blank.
 */
export const lastWords = (lines: readonly string[]): string =>
  lines.findLast((line) => NAMES_AN_ERROR.test(line)) ?? lines.findLast((line) => line.trim() !== '') ?? '';

async function linesOf(path: string): Promise<readonly string[]> {
  const handle = await open(path, 'r').catch(missing);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, TAIL)), {
      position: Math.max(0, size - TAIL),
    });
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    if (size > TAIL) lines.shift(); // its beginning is not there
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } finally {
    await handle.close();
  }
}
