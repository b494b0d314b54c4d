import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { seal, unseal } from '../../src/backup/seal.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import { allOf, piecesOf } from './support.ts';

const KEY = 'a key that the operator keeps';
const CHUNK = 64 * 1024;
const SEALED_CHUNK = CHUNK + 16;

const sealed = (plain: Buffer, key: string | null = KEY) => allOf(seal(key, piecesOf(plain)));
const opened = (bytes: Buffer, key: string | null = KEY, piece = 7000) =>
  allOf(unseal(key, piecesOf(bytes, piece), 'it'));

async function refused(bytes: Buffer, code: string, key: string | null = KEY): Promise<void> {
  await assert.rejects(opened(bytes, key), (error) => {
    assert.ok(error instanceof SpillwayError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Where the chunks begin. */
function headOf(bytes: Buffer): number {
  let at = 0;
  for (let line = 0; line < 3; line += 1) at = bytes.indexOf(10, at) + 1;
  return at;
}

describe('what is sealed', () => {
  it('comes out as it went in, whatever its length and however it arrives', async () => {
    for (const length of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 200_000]) {
      const plain = randomBytes(length);
      const bytes = await sealed(plain, null);
      assert.ok((await opened(bytes, null)).equals(plain), `${length} bytes`);
    }
    const bytes = await sealed(Buffer.from('short and not to be read'));
    assert.equal((await opened(bytes, KEY, 1)).toString(), 'short and not to be read');
    assert.ok(!bytes.includes('not to be'));
  });

  it('is opened by its own key only, and needs one', async () => {
    const bytes = await sealed(Buffer.from('secret'));
    await refused(bytes, 'not_permitted', 'another key of the operator');
    await refused(bytes, 'config_invalid', null);
  });

  it('is readable by everybody where that was said, with a key or without, and still shows damage', async () => {
    const bytes = await sealed(Buffer.from('open'), null);
    assert.equal((await opened(bytes, null)).toString(), 'open');
    assert.equal((await opened(bytes, KEY)).toString(), 'open');
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
    await refused(bytes, 'corrupt', null);
  });

  it('is never the same twice', async () => {
    assert.notDeepEqual(await sealed(Buffer.from('same')), await sealed(Buffer.from('same')));
  });

  it('is refused with any one byte changed', async () => {
    // Keys from a secret take their time: all places with the open ones, a few with such.
    for (const [key, step] of [
      [null, 1],
      [KEY, 37],
    ] as const) {
      const bytes = await sealed(randomBytes(40), key);
      for (let at = 0; at < bytes.length; at += step) {
        const changed = Buffer.from(bytes);
        changed[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
        await assert.rejects(opened(changed, key), SpillwayError, `byte ${at}`);
      }
    }
  });

  it('is refused when it is cut off, also between two chunks', async () => {
    const bytes = await sealed(randomBytes(3 * CHUNK), null);
    const head = headOf(bytes);
    for (const length of [head + SEALED_CHUNK, head + 2 * SEALED_CHUNK, bytes.length - 1, head + 5, head])
      await refused(bytes.subarray(0, length), 'corrupt', null);
    for (const length of [0, 5, head - 10])
      await assert.rejects(opened(bytes.subarray(0, length), null), SpillwayError);
  });

  it('is refused with chunks moved, doubled, left out, or from another file', async () => {
    const bytes = await sealed(randomBytes(3 * CHUNK), null);
    const other = await sealed(randomBytes(3 * CHUNK), null);
    const head = headOf(bytes);
    const chunk = (from: Buffer, n: number) =>
      from.subarray(head + n * SEALED_CHUNK, head + (n + 1) * SEALED_CHUNK);
    const [first, second, third] = [0, 1, 2].map((n) => chunk(bytes, n)) as [Buffer, Buffer, Buffer];
    for (const chunks of [
      [second, first, third],
      [first, first, second, third],
      [first, third],
      [first, chunk(other, 1), third],
      [first, second, third, third],
    ])
      await refused(Buffer.concat([bytes.subarray(0, head), ...chunks]), 'corrupt', null);
    assert.ok(await opened(Buffer.concat([bytes.subarray(0, head), first, second, third]), null));
  });

  it('is told from any other file', async () => {
    for (const text of ['', 'PK\u0003\u0004', 'spillway-backup/2\n{}\nx\n', 'x'.repeat(5000), '\n\n\n\n'])
      await refused(Buffer.from(text), 'config_invalid');
  });
});
