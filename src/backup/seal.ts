import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { promisify } from 'node:util';
import { SpillwayError } from '../core/errors.ts';
import type { BackupKey } from './key.ts';

/*
 * A sealed file: a line that names the form, a line of JSON that says how it is sealed, a line with the HMAC-SHA-256 of both,
 * then chunks of 64 KiB under AES-256-GCM. A chunk's nonce is its number (11 bytes) and whether it is the last (1 byte), as in
 * STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunks cannot be left out, doubled, moved or cut off. Both keys are drawn
 * by scrypt from the operator's key and a salt of the file's own, so that no nonce is used twice under one key. An open file is
 * sealed with keys that everybody can draw: all can read and write it, and damage still shows.
 */

const MAGIC = 'spillway-backup/1';
const CHUNK = 64 * 1024;
const TAG = 16;
const SALT = 16;
/** 32 MB and about a quarter of a second (OWASP's parameters for a server). Part of the form: a file cannot ask for more. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
/** Longer than any head. */
const LONGEST_HEAD = 1024;

const derive = promisify<string, Uint8Array, number, typeof COST, Buffer>(scrypt);

interface Keys {
  readonly cipher: Buffer;
  readonly mac: Buffer;
}

async function keysOf(key: BackupKey, salt: Uint8Array): Promise<Keys> {
  const bytes =
    key === null
      ? Buffer.from(hkdfSync('sha256', '', salt, 'open', 64))
      : await derive(key.normalize('NFC'), salt, 64, COST);
  return { cipher: bytes.subarray(0, 32), mac: bytes.subarray(32) };
}

/** The third line of the head. */
const vouchFor = ({ mac }: Keys, head: string): Buffer =>
  Buffer.from(`${createHmac('sha256', mac).update(head).digest('base64')}\n`);

function nonceOf(chunk: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(chunk), 3);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals bytes. @param key null = open to everybody */
export async function* seal(key: BackupKey, plain: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT);
  const keys = await keysOf(key, salt);
  const how = JSON.stringify({ sealed: key === null ? 'open' : 'key', salt: salt.toString('base64') });
  const head = `${MAGIC}\n${how}\n`;
  yield Buffer.concat([Buffer.from(head), vouchFor(keys, head)]);
  let number = 0;
  for await (const { bytes, last } of chunksOf(plain, CHUNK)) {
    const cipher = createCipheriv('aes-256-gcm', keys.cipher, nonceOf(number, last));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
    yield Buffer.concat([sealed, cipher.getAuthTag()]);
    number += 1;
  }
}

/**
 * Opens what `seal` has sealed; bytes that it gives were authentic, and when it ends they are all.
 * @throws SpillwayError `config_invalid` for another file, or without a key where one is needed; `not_permitted` for a wrong
 *   key; `corrupt` for anything that is not as it was sealed
 */
export async function* unseal(
  key: BackupKey,
  sealed: AsyncIterable<Uint8Array>,
  where: string,
): AsyncGenerator<Buffer> {
  const { head, rest } = await readHead(sealed[Symbol.asyncIterator](), where);
  const keys = await keysOfHead(key, head, where);
  let number = 0;
  for await (const { bytes, last } of chunksOf(rest, CHUNK + TAG)) {
    yield openChunk(keys, bytes, number, last, where);
    number += 1;
  }
}

function openChunk(keys: Keys, bytes: Buffer, number: number, last: boolean, where: string): Buffer {
  const damaged = () =>
    new SpillwayError(
      'corrupt',
      `the backup is damaged or cut short: chunk ${number} is not as it was sealed`,
      {
        where,
        hint: 'Nothing of it was used. Take another backup.',
      },
    );
  if (bytes.length < TAG) throw damaged();
  const decipher = createDecipheriv('aes-256-gcm', keys.cipher, nonceOf(number, last), {
    authTagLength: TAG,
  });
  decipher.setAuthTag(bytes.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG)), decipher.final()]);
  } catch {
    throw damaged();
  }
}

interface Head {
  /** The two lines that the third vouches for. */
  readonly text: string;
  readonly sealed: 'open' | 'key';
  readonly salt: Buffer;
  /** The third. */
  readonly vouched: Buffer;
}

async function keysOfHead(
  key: BackupKey,
  { text, sealed, salt, vouched }: Head,
  where: string,
): Promise<Keys> {
  if (sealed === 'key' && key === null)
    throw new SpillwayError('config_invalid', 'the backup is encrypted', {
      where,
      hint: 'Give its key: --key-file FILE or SPILLWAY_BACKUP_KEY',
    });
  const keys = await keysOf(sealed === 'open' ? null : key, salt);
  const right = vouchFor(keys, text);
  if (right.length === vouched.length && timingSafeEqual(right, vouched)) return keys;
  if (sealed === 'open') throw new SpillwayError('corrupt', 'the head of the backup is damaged', { where });
  throw new SpillwayError('not_permitted', 'this key does not open the backup, or its head is damaged', {
    where,
    hint: 'Backups are sealed with the key that was given when they were made.',
  });
}

async function readHead(
  source: AsyncIterator<Uint8Array>,
  where: string,
): Promise<{ readonly head: Head; readonly rest: AsyncIterable<Uint8Array> }> {
  let bytes = Buffer.alloc(0);
  let ends: readonly number[] = [];
  while (ends.length < 3 && bytes.length < LONGEST_HEAD) {
    const next = await source.next();
    if (next.done) break;
    bytes = Buffer.concat([bytes, next.value]);
    ends = endsOfLines(bytes.subarray(0, LONGEST_HEAD));
  }
  const [, second = 0, third = 0] = ends;
  const head = headOf(bytes.subarray(0, second).toString('latin1'), bytes.subarray(second, third));
  if (head === undefined)
    throw new SpillwayError('config_invalid', 'this is no backup of Spillway, or its head is damaged', {
      where,
    });
  const rest = async function* () {
    yield bytes.subarray(third);
    for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
  };
  return { head, rest: rest() };
}

/** The places after the first three line ends. */
function endsOfLines(bytes: Buffer): readonly number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(10); at >= 0 && ends.length < 3; at = bytes.indexOf(10, at + 1))
    ends.push(at + 1);
  return ends;
}

function headOf(text: string, vouched: Buffer): Head | undefined {
  const [, how = ''] = new RegExp(`^${MAGIC}\n(\\{.*\\})\n$`).exec(text) ?? [];
  const [, sealed, salt = ''] = /^\{"sealed":"(open|key)","salt":"([A-Za-z0-9+/=]+)"\}$/.exec(how) ?? [];
  if (sealed !== 'open' && sealed !== 'key') return undefined;
  return { text, sealed, salt: Buffer.from(salt, 'base64'), vouched };
}

/** The same bytes in chunks of one size; only the last is shorter, and there is one however few bytes there are. */
async function* chunksOf(
  source: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<{ readonly bytes: Buffer; readonly last: boolean }> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    held.push(piece);
    length += piece.length;
    if (length <= size) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; all.length - at > size; at += size) yield { bytes: all.subarray(at, at + size), last: false };
    held = [all.subarray(at)];
    length = all.length - at;
  }
  yield { bytes: Buffer.concat(held), last: true };
}
