import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file so that after a crash it is either as before or whole: a file beside it, synced, then renamed. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.${process.pid}.tmp`;
  const file = await open(fresh, 'w', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
