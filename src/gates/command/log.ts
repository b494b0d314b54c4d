import { open } from 'node:fs/promises';
import { createMasker } from '../../exec/mask.ts';

/** Kept of a command's output: its beginning, and its last lines. */
const LIMIT = 10_000_000;
const TAIL = 8_000;

export interface OutputLog {
  write(chunk: Buffer, stream: 'stdout' | 'stderr'): Promise<void>;
  /** @returns the last line that was not blank */
  close(): Promise<string>;
}

/** Keeps a command's output in a file, with the secrets hidden. Each stream is masked by itself: their pieces come mixed. */
export async function openLog(path: string, secrets: readonly string[]): Promise<OutputLog> {
  const file = await open(path, 'w', 0o600);
  const maskers = { stdout: createMasker(secrets), stderr: createMasker(secrets) };
  let written = 0;
  let left = 0;
  let tail: Buffer = Buffer.alloc(0);

  const keep = async (text: Buffer): Promise<void> => {
    tail = Buffer.concat([tail, text.subarray(-TAIL)]).subarray(-TAIL);
    const fits = text.subarray(0, LIMIT - written);
    written += fits.length;
    left += text.length - fits.length;
    if (fits.length > 0) await file.write(fits);
  };

  return {
    write: (chunk, stream) => keep(maskers[stream].push(chunk)),
    async close() {
      await keep(maskers.stdout.end());
      await keep(maskers.stderr.end());
      const shown = tail.subarray(-Math.min(left, TAIL));
      if (left > 0)
        await file.write(
          `\n[${left - shown.length} bytes are left out: output is kept up to ${LIMIT}]\n${shown.toString()}`,
        );
      await file.close();
      return (
        tail
          .toString()
          .split('\n')
          .findLast((line) => line.trim() !== '')
          ?.trim() ?? ''
      );
    },
  };
}
