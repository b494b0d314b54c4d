import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalJson,
  fromBase64,
  fromHex,
  leafOf,
  toBase64,
  toHex,
  utf8,
  type Json,
} from '../../src/ledger/index.ts';
import { saltOf, sha256 } from './support.ts';

describe('bytes', () => {
  test('UTF-8 and base64 are those of the platform', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), (text, bytes) => {
        assert.deepEqual(utf8(text), new TextEncoder().encode(text));
        assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
        assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
        assert.deepEqual(fromHex(toHex(bytes)), bytes);
      }),
    );
    assert.deepEqual(utf8('a\ud800b'), new TextEncoder().encode('a\ud800b'));
  });

  test('one text for given bytes: any other spelling is refused', () => {
    for (const text of ['YQ', 'YQ=', 'YR==', 'Y===', 'YQ==\n', 'Y-==', '====', 'YQ==YQ=='])
      assert.equal(fromBase64(text), undefined, text);
    for (const text of ['f', 'FF', 'fg', ' f']) assert.equal(fromHex(text), undefined, text);
  });
});

describe('canonical JSON', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>;

  test('says the same as JSON', () => {
    fc.assert(
      fc.property(json, (value) =>
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value))),
      ),
    );
  });

  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (fields) => {
        const reversed = Object.fromEntries(Object.entries(fields).toReversed());
        assert.equal(canonicalJson(fields), canonicalJson(reversed));
      }),
    );
  });

  test('has the form of RFC 8785', () => {
    const value = {
      peach: [1e30, 4.5, 2e-3, 1e-27, -0],
      '\u20ac': '\u20ac$\n"\u001f',
      '10': null,
      '9': undefined,
      '1': { f: true, F: false },
      '\ud83d\ude00': 'by code unit, before \ufb33',
      '\ufb33': 0,
    };
    assert.equal(
      canonicalJson(value),
      '{"1":{"F":false,"f":true},"10":null,"peach":[1e+30,4.5,0.002,1e-27,0],"\u20ac":"\u20ac$\\n\\"\\u001f","\ud83d\ude00":"by code unit, before \ufb33","\ufb33":0}',
    );
  });

  test('refuses what has no JSON form', () => {
    for (const value of [Number.NaN, Infinity, 1n, () => 1, new Date(0), new Map(), [undefined]])
      assert.throws(() => canonicalJson(value as Json), TypeError);
  });
});

describe('leaf', () => {
  test('commits to entry and salt, and to where the one ends', () => {
    const entry = utf8('entry');
    const leaf = leafOf(sha256, entry, saltOf(0));
    assert.notDeepEqual(leafOf(sha256, entry, saltOf(1)), leaf);
    assert.notDeepEqual(leafOf(sha256, utf8('Entry'), saltOf(0)), leaf);
    const joined = Uint8Array.from([...saltOf(0), ...entry]);
    assert.notDeepEqual(leafOf(sha256, joined.slice(20), joined.slice(0, 20)), leaf);
  });

  test('refuses a salt that could be guessed', () => {
    assert.throws(() => leafOf(sha256, utf8('entry'), new Uint8Array(15)), RangeError);
    assert.throws(() => leafOf(sha256, utf8('entry'), new Uint8Array(256)), RangeError);
  });
});
