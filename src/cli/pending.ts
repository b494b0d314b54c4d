import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** An event that could not be sent because no server ran. */
export interface PendingEvent {
  readonly trigger: string;
  /** Names the file, too. */
  readonly deliveryId: string;
  /** JSON. */
  readonly body: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const folderIn = (dataDir: string): string => join(dataDir, 'pending-events');

/** Keeps an event until a server starts: the file is there as a whole, on the disk, or not at all. */
export async function keepPending(dataDir: string, event: PendingEvent): Promise<string> {
  const folder = folderIn(dataDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${event.deliveryId}.json`);
  const handle = await open(`${path}.new`, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(event));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
  return path;
}

/**
 * Hands every kept event to `deliver`, oldest first, and forgets those that it took. One that it throws for stays, as does one that
 * cannot be read. To be called once the server runs; its delivery id makes a second delivery a duplicate.
 * @returns how many were delivered, and the files that were not
 */
export async function deliverPending(
  dataDir: string,
  deliver: (event: PendingEvent) => Promise<void>,
): Promise<{ readonly delivered: number; readonly left: readonly string[] }> {
  const folder = folderIn(dataDir);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
  const read = await Promise.all(names.map((name) => readPending(join(folder, name))));
  const left = names.flatMap((name, index) => (read[index] ? [] : [join(folder, name)]));
  let delivered = 0;
  for (const { path, event } of read
    .flatMap((one) => one ?? [])
    .toSorted((a, b) => a.event.at - b.event.at)) {
    try {
      await deliver(event);
      await rm(path);
      delivered += 1;
    } catch {
      left.push(path);
    }
  }
  return { delivered, left };
}

async function readPending(path: string) {
  try {
    const { trigger, deliveryId, body, at } = JSON.parse(await readFile(path, 'utf8')) as Record<
      string,
      unknown
    >;
    const texts = typeof trigger === 'string' && typeof deliveryId === 'string' && typeof body === 'string';
    return texts && typeof at === 'number' ? { path, event: { trigger, deliveryId, body, at } } : undefined;
  } catch {
    return undefined;
  }
}
