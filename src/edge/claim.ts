import { chmod, link, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { SpillwayError } from '../core/errors.ts';

/** A Unix socket's path is cut off by the system beyond this many bytes. */
const LONGEST_PATH = 107;
const OWNER_ONLY = 0o600;

/**
 * Makes `server` the one behind the control socket, so that no two edges hold the same folder. The socket is bound under a name
 * of its own and then linked to its place: the link is atomic, so that of two that start at once only one gets it, and
 * nobody else may ever connect. A socket left by a crash answers nobody and is replaced.
 * @returns false when a living edge holds the folder
 */
export async function claim(server: Server, path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  if (Buffer.byteLength(own) > LONGEST_PATH) {
    throw new SpillwayError(
      'config_invalid',
      `the path of the control socket is longer than ${LONGEST_PATH} bytes`,
      {
        where: own,
        hint: 'Choose a folder with a shorter path.',
      },
    );
  }
  await rm(own, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(own, resolve));
  await chmod(own, OWNER_ONLY);
  const claimed = await place(own, path);
  await rm(own, { force: true });
  if (!claimed) server.close();
  return claimed;
}

async function place(own: string, path: string): Promise<boolean> {
  while (!(await linked(own, path))) {
    if (await answers(path)) return false;
    const stale = `${own}.stale`;
    await rename(path, stale).catch(ignoreMissing);
    // Another starter may have replaced the dead socket in between: a living one is put back.
    if (await answers(stale)) {
      await linked(stale, path);
      await rm(stale, { force: true });
      return false;
    }
    await rm(stale, { force: true });
  }
  return true;
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Whether a process accepts connections on the socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
