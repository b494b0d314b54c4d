import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files of an edge's folder. */
export interface EdgePaths {
  /** All routes with their fences; written and synced before a `set` is acknowledged. */
  readonly state: string;
  /** The control API: HTTP with JSON bodies, for the folder's owner only. */
  readonly control: string;
  /** Process id, epoch and start time of the edge that holds the folder, for people. */
  readonly info: string;
  /** What the edge writes to its standard streams, when a launcher appends them here. */
  readonly log: string;
}

export const edgePaths = (dir: string): EdgePaths => ({
  state: join(dir, 'state.json'),
  control: join(dir, 'control.sock'),
  info: join(dir, 'edge.json'),
  log: join(dir, 'edge.log'),
});

/** The program to start, beside this file: TypeScript in a checkout, JavaScript once published. */
export const edgeProgram = () =>
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));
