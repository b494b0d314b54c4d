import { chmod, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { SpillwayError } from '../core/errors.ts';

/** What the system allows for the path of a socket, in bytes; the folder it is made in takes some of it. */
const LONGEST = 107 - '/.listen-XXXXXX/s'.length;

/**
 * Listens on a Unix socket that nobody but its owner can ever open: it is made in a folder that is closed to others, closed
 * itself, and only then moved to its place. A socket that a killed server left behind is replaced.
 * @returns how to take it away again
 * @throws SpillwayError `conflict` when a server answers there already
 */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<() => Promise<void>> {
  if (Buffer.byteLength(dirname(path)) > LONGEST)
    throw new SpillwayError('config_invalid', 'the path of the data folder is too long for a socket', {
      where: path,
      hint: `Choose a data folder with a path of at most ${LONGEST} bytes: --data DIR`,
    });
  if (await answers(path))
    throw new SpillwayError('conflict', 'a Spillway server runs on this data folder already', {
      where: path,
      hint: 'Use that one (spillway health), or another folder: --data DIR',
    });
  const closed = await mkdtemp(join(dirname(path), '.listen-'));
  try {
    const made = join(closed, 's');
    await app.listen({ path: made });
    await chmod(made, 0o600);
    await rename(made, path);
  } finally {
    await rm(closed, { recursive: true });
  }
  const { ino } = await stat(path);
  return async () => {
    const now = await stat(path).catch(() => undefined);
    if (now?.ino === ino) await rm(path, { force: true });
  };
}

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
