import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { SpillwayError, messageOf } from '../core/errors.ts';
import type { BackupKey } from './key.ts';
import { contentsOf } from './manifest.ts';
import type { FilePart, Manifest, ManifestPart } from './manifest.ts';
import { seal } from './seal.ts';

/** A part with where its content is read from. */
export type SourcePart =
  | { readonly kind: 'file'; readonly name: string; readonly mode: number; readonly from: string }
  | Exclude<ManifestPart, FilePart>;

/** Sums a part up. */
async function listed(part: SourcePart): Promise<ManifestPart> {
  if (part.kind !== 'file') return part;
  const { from, ...rest } = part;
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of createReadStream(from) as AsyncIterable<Buffer>) {
    hash.update(piece);
    size += piece.length;
  }
  return { ...rest, size, sha256: hash.digest('hex') };
}

/**
 * Writes a backup: the length of the manifest (4 bytes), the manifest, then the contents one after the other; all of it
 * compressed, then sealed. On the disk when it returns, for its owner's eyes only.
 * @param file does not exist yet
 * @throws SpillwayError `unavailable` when it cannot be written or a part cannot be read; what was written stays
 */
export async function pack(
  file: string,
  key: BackupKey,
  about: Omit<Manifest, 'parts'>,
  sources: readonly SourcePart[],
): Promise<Manifest> {
  try {
    const parts: ManifestPart[] = [];
    for (const source of sources) parts.push(await listed(source));
    const manifest: Manifest = { ...about, parts };
    const from = new Map(sources.flatMap((one) => (one.kind === 'file' ? [[one.name, one.from]] : [])));
    await pipeline(
      Readable.from(payload(manifest, from), { objectMode: false }),
      createZstdCompress(),
      (compressed: AsyncIterable<Uint8Array>) => seal(key, compressed),
      createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
    );
    return manifest;
  } catch (error) {
    throw unwritten(error, file);
  }
}

async function* payload(manifest: Manifest, from: ReadonlyMap<string, string>): AsyncGenerator<Buffer> {
  const text = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  yield Buffer.concat([length, text]);
  for (const [first] of contentsOf(manifest.parts).values())
    yield* createReadStream(from.get(first?.name ?? '') ?? '') as AsyncIterable<Buffer>;
}

export function unwritten(error: unknown, file: string): unknown {
  if (error instanceof SpillwayError || !(error instanceof Error) || !('code' in error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new SpillwayError('unavailable', full ? 'the disk is full' : messageOf(error), {
    where: file,
    hint: full
      ? 'Nothing was changed, and older backups are as they were. Make room, or name another folder.'
      : 'Nothing was changed. Check that the folder is there and may be written.',
    cause: error,
  });
}

/** Makes what was renamed or made in a folder outlast a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

export const syncBeside = (file: string): Promise<void> => syncFolder(dirname(file));
