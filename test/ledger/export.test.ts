import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalJson,
  checkpointLine,
  formatCheckpoint,
  fromBase64,
  headerLine,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifyExport,
  type Json,
} from '../../src/ledger/index.ts';
import { exportOf, MEANS, newSigner, ORIGIN, sha256 } from './support.ts';

const signer = newSigner();
const entryOf = (n: number): Json => ({ event_type: 'deployment.completed', version: `v1.${n}`, n });
const ENTRIES = Array.from({ length: 5 }, (_, n) => entryOf(n));
const LINES = exportOf(signer, ENTRIES);
const whatIsWrong = (lines: readonly string[], means = MEANS) =>
  verifyExport(lines, means).problems.map(({ line, index, what }) =>
    index === undefined ? `${line}: ${what}` : `${line}, entry ${index}: ${what}`,
  );
const replaced = (line: number, text: string) => LINES.with(line, text);

describe('checkpoint', () => {
  test('has the C2SP form', () => {
    const root = fromBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=') ?? new Uint8Array();
    const body = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    assert.equal(formatCheckpoint({ origin: 'example.com/behind-the-sofa', size: 20_852_163, root }), body);
    assert.deepEqual(parseCheckpoint(body), {
      origin: 'example.com/behind-the-sofa',
      size: 20_852_163,
      root,
    });
    assert.equal(parseCheckpoint(`${body}extension\n`)?.size, 20_852_163);
  });

  test('another form is refused', () => {
    for (const body of [
      '',
      'o\n1\nYQ==',
      'o\n01\nYQ==\n',
      'o\n-1\nYQ==\n',
      'o\n1\n\n',
      'o\n1\n!\n',
      '\n1\nYQ==\n',
      'o\n1\nYQ==\n\n',
      'o\n99999999999999999\nYQ==\n',
    ])
      assert.equal(parseCheckpoint(body), undefined, JSON.stringify(body));
    assert.throws(() => formatCheckpoint({ origin: 'a\nb', size: 0, root: new Uint8Array(32) }), RangeError);
  });

  test('a note and a key known elsewhere are read: those of the Go checksum database', () => {
    const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
    const text =
      'If you think cryptography is the answer to your problem,\n' +
      "then you don't know what your problem is.\n\n" +
      '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    const key = parseVerifierKey(sha256, vkey);
    const note = parseNote(text);
    const [signature] = note?.signatures ?? [];
    assert.ok(key && note && signature);
    assert.deepEqual([signature.name, signature.keyId], [key.name, key.id]);
    const body = new TextEncoder().encode(note.body);
    assert.ok(MEANS.verifySignature(key.publicKey, body, signature.signature));
    assert.equal(parseVerifierKey(sha256, vkey.replace('c74f20a3', 'c74f20a4')), undefined);
  });

  test('a note in another form is refused', () => {
    for (const text of [
      'body\n',
      'body\n\n',
      'body\n\n\u2014 name YQ==\n',
      'body\n\n- name AAAAAAA=\n',
      'body\n\n\u2014 a+b AAAAAAA=\n',
    ])
      assert.equal(parseNote(text), undefined, JSON.stringify(text));
  });
});

describe('export', () => {
  test('a true one verifies, of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue() as fc.Arbitrary<Json>, { maxLength: 20 }), (entries) => {
        const verdict = verifyExport(exportOf(signer, entries), { ...MEANS, trustedKey: signer.vkey });
        assert.deepEqual(verdict.problems, []);
        assert.deepEqual([verdict.ok, verdict.size, verdict.origin], [true, entries.length, ORIGIN]);
      }),
      { numRuns: 50 },
    );
    assert.ok(verifyExport(`${LINES.join('\n')}\n`.split('\n'), MEANS).ok);
  });

  test('no character of it can be changed', () => {
    const text = LINES.join('\n');
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      const altered = text.slice(0, at) + other + text.slice(at + 1);
      assert.ok(!verifyExport(altered.split('\n'), MEANS).ok, `at ${at}: ${text.slice(at - 20, at + 20)}`);
    }
  });

  test('no line can be left out, doubled, moved or added', () => {
    LINES.forEach((line, i) => {
      assert.ok(!verifyExport(LINES.toSpliced(i, 1), MEANS).ok);
      assert.ok(!verifyExport(LINES.toSpliced(i, 0, line), MEANS).ok);
      if (i > 0) assert.ok(!verifyExport(LINES.with(i, LINES[i - 1] ?? '').with(i - 1, line), MEANS).ok);
    });
    assert.deepEqual(whatIsWrong([]), ['0: the export does not end with a checkpoint']);
  });

  test('the altered entry is named where the export holds its leaf', () => {
    const lines = exportOf(signer, ENTRIES, true);
    const forged = (lines[3] ?? '').replace('v1.2', 'v1.9');
    assert.deepEqual(whatIsWrong(lines.with(3, forged)), [
      '4, entry 2: entry, salt and leaf do not belong together',
      '7: the entries are not those that were signed: their root is another one',
    ]);
    assert.deepEqual(whatIsWrong(replaced(3, (LINES[3] ?? '').replace('v1.2', 'v1.9'))), [
      '7: the entries are not those that were signed: their root is another one',
    ]);
  });

  test('what is wrong is said by line', () => {
    const at = (line: number, text: string) => whatIsWrong(replaced(line, text))[0];
    assert.equal(at(1, 'no json'), '2: not a JSON object in canonical form');
    assert.equal(
      at(1, (LINES[1] ?? '').replace('{"entry', '{ "entry')),
      '2: not a JSON object in canonical form',
    );
    assert.equal(at(2, LINES[3] ?? ''), '3: index 2 stands where 1 should be');
    assert.equal(
      at(1, canonicalJson({ index: 0, salt: 'YQ==', entry: {} })),
      '2: the salt is not base64 of 16 to 255 bytes',
    );
    assert.equal(
      at(1, canonicalJson({ index: 0, salt: 'YQ==', entry: {}, actor: 'me' })),
      '2: the line has an unknown field',
    );
    assert.equal(
      at(0, canonicalJson({ format: 'other/1' })),
      '1: the first line must say format "spillway-audit/1"',
    );
    assert.equal(at(6, checkpointLine('no note')), '7: the checkpoint is not a signed note in its form');
  });

  test('a twofold key, which readers understand differently, is refused', () => {
    const twofold = (LINES[1] ?? '').replace('{"entry":{', '{"entry":{"n":7,');
    assert.notEqual(twofold, LINES[1]);
    assert.equal(whatIsWrong(replaced(1, twofold))[0], '2: not a JSON object in canonical form');
  });

  test('one signed by somebody else is refused, if the key is known', () => {
    const stranger = exportOf(newSigner(), ENTRIES);
    assert.ok(verifyExport(stranger, MEANS).ok);
    assert.deepEqual(whatIsWrong(stranger, { ...MEANS, trustedKey: signer.vkey }), [
      '1: the export names another public key than the trusted one',
      `7: the checkpoint is not signed by ${ORIGIN}`,
    ]);
  });

  test('a checkpoint of another log is refused', () => {
    const other = replaced(0, headerLine({ origin: 'example.com/other', publicKey: signer.vkey }));
    assert.deepEqual(whatIsWrong(other), [
      `7: the checkpoint is of ${ORIGIN}, the export of example.com/other`,
    ]);
  });

  test('a history rewritten and signed again is found by a state that was kept', () => {
    const stateOf = (entries: readonly Json[]) => {
      const { size, root } = verifyExport(exportOf(signer, entries), MEANS);
      return { size, root: fromBase64(root) ?? new Uint8Array() };
    };
    const known = [stateOf([]), stateOf(ENTRIES.slice(0, 3))];
    assert.ok(verifyExport(LINES, { ...MEANS, known }).ok);
    const rewritten = exportOf(signer, ENTRIES.with(1, entryOf(99)));
    assert.ok(verifyExport(rewritten, MEANS).ok);
    assert.deepEqual(whatIsWrong(rewritten, { ...MEANS, known }), [
      '4: the first 3 entries are not those of the state that was kept',
    ]);
    const shortened = exportOf(signer, ENTRIES.slice(0, 2));
    assert.deepEqual(whatIsWrong(shortened, { ...MEANS, known }), [
      '0: the log had 3 entries before, the export has 2',
    ]);
  });
});
