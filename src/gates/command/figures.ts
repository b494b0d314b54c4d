import { constants, open } from 'node:fs/promises';
import { messageOf } from '../../core/errors.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { missing } from '../../exec/files.ts';

const LARGEST_FILE = 1_000_000;
const LONGEST_TEXT = 200;
const MOST_FIGURES = 1000;
const DEEPEST = 10;

export type Figures =
  { readonly ok: true; readonly figures: JsonObject } | { readonly ok: false; readonly reason: string };

/**
 * Reads what a command left as its figures: numbers, texts and truth values by their path with dots. No file = no figures.
 * The command may have put anything there, so that nothing is followed, waited for or read without end.
 */
export async function readFigures(path: string): Promise<Figures> {
  let text: string | undefined;
  try {
    text = await readRegular(path);
  } catch (error) {
    return { ok: false, reason: `the figures cannot be read: ${messageOf(error)}` };
  }
  if (text === undefined) return { ok: true, figures: {} };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'the figures are not JSON' };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return { ok: false, reason: 'the figures are not a JSON object' };
  return flatten(content as JsonObject);
}

async function readRegular(path: string): Promise<string | undefined> {
  // Without O_NONBLOCK the open of a FIFO waits for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    missing,
  );
  if (!handle) return undefined;
  try {
    if (!(await handle.stat()).isFile()) throw new Error('not a regular file');
    const buffer = Buffer.alloc(LARGEST_FILE + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LARGEST_FILE) throw new Error(`larger than ${LARGEST_FILE} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function flatten(content: JsonObject): Figures {
  const found = new Map<string, Json>();
  const visit = (value: Json, path: string, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) {
      found.set(path, typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : value);
      return found.size <= MOST_FIGURES;
    }
    return (
      depth < DEEPEST &&
      Object.entries(value).every(([key, inner]) =>
        visit(inner as Json, path ? `${path}.${key}` : key, depth + 1),
      )
    );
  };
  return visit(content, '', 0)
    ? { ok: true, figures: Object.fromEntries(found) }
    : { ok: false, reason: `the figures are more than ${MOST_FIGURES}, or nested deeper than ${DEEPEST}` };
}
