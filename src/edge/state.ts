import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, SpillwayError } from '../core/errors.ts';
import { parseRouting, wholeNumber, type Routing } from './routing.ts';

/** A route as it was last accepted. */
export interface KeptRoute {
  readonly routing: Routing;
  readonly fence: number;
}

const VERSION = 1;

/** Replaces the file as a whole, and returns once it would survive a power cut. */
export async function writeState(file: string, routes: readonly KeptRoute[]): Promise<void> {
  const fresh = `${file}.new`;
  const handle = await open(fresh, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify({ version: VERSION, routes }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * @returns no routes when there is no file yet.
 * @throws SpillwayError `corrupt` when the file cannot be understood: an edge that forgot its routes would drop traffic in silence.
 */
export async function readState(file: string): Promise<readonly KeptRoute[]> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    const state = JSON.parse(content) as { version?: unknown; routes?: unknown };
    if (state.version !== VERSION || !Array.isArray(state.routes))
      throw new Error(`not a state of version ${VERSION}`);
    return state.routes.map((kept: { routing?: unknown; fence?: unknown }) => ({
      routing: parseRouting(kept.routing),
      fence: wholeNumber(kept.fence, 'fence', 0, Number.MAX_SAFE_INTEGER),
    }));
  } catch (error) {
    throw new SpillwayError('corrupt', `the edge's state cannot be read: ${messageOf(error)}`, {
      where: file,
      hint: 'Move the file away to start with no routes; Spillway sets them again.',
      cause: error,
    });
  }
}
