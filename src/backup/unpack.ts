import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, statfs, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { SpillwayError } from '../core/errors.ts';
import type { BackupKey } from './key.ts';
import { bytesOf, contentsOf, parseManifest } from './manifest.ts';
import type { FilePart, Manifest } from './manifest.ts';
import { unwritten } from './pack.ts';
import { unseal } from './seal.ts';

/** A backup of a quarter of a million parts says less of itself. */
const LONGEST_MANIFEST = 64 * 1024 * 1024;

/**
 * Writes the parts of a backup into a folder, each with its mode, and holds every one against its sum.
 * @param into exists, is empty, and is for its owner only
 * @throws SpillwayError as `unseal`; `corrupt` for anything that is not as it should be; `too_large` for more than the disk
 *   has room for; `unavailable` when it cannot be written. What was written stays
 */
export async function unpack(file: string, key: BackupKey, into: string): Promise<Manifest> {
  let manifest: Manifest | undefined;
  try {
    await pipeline(
      Readable.from(unseal(key, createReadStream(file), file), { objectMode: false }),
      createZstdDecompress(),
      async (plain: AsyncIterable<Buffer>) => {
        const bytes = new Bytes(plain, file);
        manifest = await readManifest(bytes, file);
        await refuseTooLarge(manifest, into, file);
        await writeParts(manifest, bytes, into, file);
        await bytes.end();
      },
    );
  } catch (error) {
    throw refusal(error, file);
  }
  if (manifest === undefined) throw damaged(file, 'it is empty');
  return manifest;
}

async function readManifest(bytes: Bytes, file: string): Promise<Manifest> {
  const length = (await bytes.exactly(4)).readUInt32BE();
  if (length > LONGEST_MANIFEST) throw damaged(file, 'its list of parts is too long');
  return parseManifest((await bytes.exactly(length)).toString(), file);
}

async function refuseTooLarge({ parts }: Manifest, into: string, where: string): Promise<void> {
  const { bavail, bsize } = await statfs(into);
  const wanted = bytesOf(parts);
  if (wanted <= bavail * bsize) return;
  throw new SpillwayError(
    'too_large',
    `its parts take ${megabytes(wanted)} MB, and the disk has ${megabytes(bavail * bsize)}`,
    {
      where,
      hint: `Make room where it is unpacked: ${into}`,
    },
  );
}

const megabytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);

/** Links come last: nothing is written through them. */
async function writeParts({ parts }: Manifest, bytes: Bytes, into: string, where: string): Promise<void> {
  for (const part of parts) {
    const folder = part.kind === 'folder' ? part.name : dirname(part.name);
    await mkdir(join(into, folder), { recursive: true, mode: 0o755 });
  }
  for (const [sha256, [first, ...others]] of contentsOf(parts)) {
    if (first === undefined) continue;
    await writeContent(first, sha256, bytes, into, where);
    for (const { name, mode } of others) {
      await copyFile(join(into, first.name), join(into, name));
      await chmod(join(into, name), mode);
    }
  }
  for (const part of parts) if (part.kind === 'link') await symlink(part.to, join(into, part.name));
}

async function writeContent(
  { name, mode, size }: FilePart,
  sha256: string,
  bytes: Bytes,
  into: string,
  where: string,
): Promise<void> {
  const hash = createHash('sha256');
  const handle = await open(join(into, name), 'wx', 0o600);
  try {
    for await (const piece of bytes.next(size)) {
      hash.update(piece);
      await handle.writeFile(piece);
    }
    // Whatever the umask.
    await handle.chmod(mode);
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== sha256) throw damaged(where, `${name} is not what it was`);
}

const damaged = (where: string, what: string) =>
  new SpillwayError('corrupt', `the backup is damaged: ${what}`, { where, hint: 'Nothing of it was used.' });

function refusal(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof SpillwayError) return error;
  if (/^(ZSTD_|Z_|ERR_)/.test(code)) return damaged(file, 'it cannot be decompressed');
  if (code !== 'ENOENT') return unwritten(error, file);
  return new SpillwayError('not_found', 'there is no such file', { where: file, cause: error });
}

/** Bytes read in pieces of the reader's choice. */
class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  readonly #where: string;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>, where: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#where = where;
  }

  async *next(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.#held.length === 0) this.#held = (await this.#piece()) ?? this.#short();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async exactly(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.next(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** There is no more. */
  async end(): Promise<void> {
    for (let piece: Buffer | undefined = this.#held; piece !== undefined; piece = await this.#piece())
      if (piece.length > 0) throw damaged(this.#where, 'there is more in it than it says');
  }

  async #piece(): Promise<Buffer | undefined> {
    const next = await this.#source.next();
    return next.done ? undefined : next.value;
  }

  #short(): never {
    throw damaged(this.#where, 'there is less in it than it says');
  }
}
