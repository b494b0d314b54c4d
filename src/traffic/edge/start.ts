import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { edgePaths, edgeProgram } from '../../edge/paths.ts';

/** Starts an edge on a folder and returns once it is under way; it must outlive the caller and need none of its streams. */
export type StartEdge = (dir: string) => Promise<void>;

/** The command that runs an edge in the foreground, for a launcher of another kind. */
export const edgeCommand = (dir: string): readonly string[] => [
  process.execPath,
  edgeProgram(),
  '--dir',
  resolve(dir),
];

/** A child in a session of its own. Its streams go to a file opened to append: a pipe would break with its reader, and the edge with it. */
export const startDetached: StartEdge = (dir) => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const log = openSync(edgePaths(dir).log, 'a', 0o600);
  const [program = process.execPath, ...args] = edgeCommand(dir);
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  return new Promise((started, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      started();
    });
  });
};
