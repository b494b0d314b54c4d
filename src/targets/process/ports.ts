import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';
import { minutes, type Instant } from '../../core/time.ts';
import { entriesOf, missing } from '../../exec/files.ts';
import { readJson, type InstanceSpec } from './instance.ts';
import { instanceFiles } from './layout.ts';

/** Below the ports that the kernel gives to outgoing connections, so that none of those takes one between probe and use. */
const FIRST = 20_000;
const COUNT = 10_000;

/** A reservation whose instance never came to be is dropped after this long. */
const ORPHANED = minutes(1);

export const HOST = '127.0.0.1';

/** Whether nothing listens there now. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, HOST, () => probe.close(() => resolve(true)));
  });

/**
 * Gives an instance a port that no other of this target has and that nothing listens on. Where the search begins follows
 * from the instance's name, so that the next attempt after a clash tries elsewhere.
 * @throws SpillwayError `unavailable` when every port is taken
 */
export async function reservePort(folder: string, instance: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const offset = createHash('sha256').update(instance).digest().readUInt32BE();
  for (let i = 0; i < COUNT; i++) {
    const port = FIRST + ((offset + i) % COUNT);
    if (!(await claim(join(folder, String(port)), instance))) continue;
    if (await isFree(port)) return port;
    await releasePort(folder, port);
  }
  throw new SpillwayError('unavailable', `no port from ${FIRST} to ${FIRST + COUNT - 1} is free`, {
    where: folder,
  });
}

async function claim(file: string, instance: string): Promise<boolean> {
  try {
    await writeFile(file, instance, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export const releasePort = (folder: string, port: number): Promise<void> =>
  rm(join(folder, String(port)), { force: true });

/** Drops reservations that a crash left behind before their instance was written. */
export async function releaseOrphans(folder: string, now: Instant): Promise<void> {
  for (const name of await entriesOf(folder)) {
    const file = join(folder, name);
    const made = await stat(file).catch(missing);
    if (!made || now - made.mtimeMs < ORPHANED) continue;
    const instance = (await readFile(file, 'utf8').catch(missing)) ?? '';
    const spec = (await readJson(instanceFiles(instance).spec)) as InstanceSpec | null | undefined;
    if (spec?.port !== Number(name)) await rm(file, { force: true });
  }
}
