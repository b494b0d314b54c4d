import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  append,
  consistencyProof,
  EMPTY,
  fromHex,
  hashLeaf,
  hashNode,
  inclusionProof,
  rootAt,
  rootOf,
  toHex,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/index.ts';
import { grow, sha256 } from './support.ts';

/** The leaves and roots of the test tree that implementations of RFC 6962 share. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => hashLeaf(sha256, fromHex(text) ?? new Uint8Array()));
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 6962, section 2.1, word for word. */
function naiveRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  const [only] = leafHashes;
  if (only === undefined) return sha256(new Uint8Array());
  if (leafHashes.length === 1) return only;
  const k = naiveSplit(leafHashes.length);
  return hashNode(sha256, naiveRoot(leafHashes.slice(0, k)), naiveRoot(leafHashes.slice(k)));
}

function naivePath(index: number, leafHashes: readonly Uint8Array[]): Uint8Array[] {
  if (leafHashes.length <= 1) return [];
  const k = naiveSplit(leafHashes.length);
  const [left, right] = [leafHashes.slice(0, k), leafHashes.slice(k)];
  return index < k
    ? [...naivePath(index, left), naiveRoot(right)]
    : [...naivePath(index - k, right), naiveRoot(left)];
}

const naiveSplit = (n: number) => 2 ** Math.ceil(Math.log2(n) - 1);

const leafHashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), {
  minLength: 1,
  maxLength: 70,
});
const treeAndSizes = fc
  .tuple(leafHashes, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat())
  .map(([leaves, part, position]) => {
    const size = Math.max(1, Math.ceil(part * leaves.length));
    return { leaves, size, index: position % size };
  });

/** Every way to change one byte of one of the hashes. */
const flipped = (hash: Uint8Array, at: number) =>
  hash.map((byte, i) => (i === at % hash.length ? byte ^ 1 : byte));

describe('tree', () => {
  test('has the roots of the shared test tree at sizes 0 to 8', () => {
    ROOTS.forEach((root, size) => {
      const { frontier } = append(sha256, EMPTY, LEAVES.slice(0, size));
      assert.equal(toHex(rootOf(sha256, frontier)), root);
    });
  });

  test('has the root that the definition gives, appended in any batches', () => {
    fc.assert(
      fc.property(leafHashes, fc.nat(70), (leaves, cut) => {
        const first = append(sha256, EMPTY, leaves.slice(0, cut)).frontier;
        const { frontier } = append(sha256, first, leaves.slice(cut));
        assert.deepEqual(rootOf(sha256, frontier), naiveRoot(leaves));
        assert.ok(frontier.roots.length <= Math.log2(leaves.length) + 1);
      }),
    );
  });

  test('an earlier root is read from stored nodes', () => {
    fc.assert(
      fc.property(treeAndSizes, ({ leaves, size }) => {
        assert.deepEqual(rootAt(grow(leaves).source, size), naiveRoot(leaves.slice(0, size)));
      }),
    );
  });
});

describe('inclusion', () => {
  test('a proof is the path of the definition, and verifies', () => {
    fc.assert(
      fc.property(treeAndSizes, ({ leaves, size, index }) => {
        const some = leaves.slice(0, size);
        const proof = inclusionProof(grow(leaves).source, index, size);
        assert.deepEqual(proof, naivePath(index, some));
        const leafHash = some[index] ?? new Uint8Array();
        assert.ok(verifyInclusion(sha256, { leafHash, index, size, root: naiveRoot(some) }, proof));
      }),
    );
  });

  test('nothing in claim or proof can be changed', () => {
    fc.assert(
      fc.property(treeAndSizes, fc.nat(), ({ leaves, size, index }, at) => {
        const some = leaves.slice(0, size);
        const proof = inclusionProof(grow(leaves).source, index, size);
        const claim = { leafHash: some[index] ?? new Uint8Array(), index, size, root: naiveRoot(some) };
        const refused = (altered: Partial<typeof claim>, alteredProof = proof) =>
          assert.ok(!verifyInclusion(sha256, { ...claim, ...altered }, alteredProof));
        refused({ leafHash: flipped(claim.leafHash, at) });
        refused({ root: flipped(claim.root, at) });
        refused({ index: size });
        refused({ index: -1 });
        refused({ index: index + 0.5 });
        refused({}, [...proof, claim.root]);
        if (size > 1) refused({ index: (index + 1) % size });
        if (proof.length > 0) refused({}, proof.slice(1));
        proof.forEach((_, k) =>
          refused(
            {},
            proof.map((hash, i) => (i === k ? flipped(hash, at) : hash)),
          ),
        );
      }),
    );
  });

  test('of a leaf outside the tree there is no proof', () => {
    const { source } = grow(LEAVES);
    for (const index of [8, -1, 0.5]) assert.throws(() => inclusionProof(source, index, 8), RangeError);
  });
});

describe('consistency', () => {
  test('an earlier tree is proved to be the beginning of a later one', () => {
    fc.assert(
      fc.property(leafHashes, fc.nat(70), fc.nat(), (leaves, earlier, at) => {
        const size = earlier % (leaves.length + 1);
        const older = { size, root: naiveRoot(leaves.slice(0, size)) };
        const newer = { size: leaves.length, root: naiveRoot(leaves) };
        const proof = consistencyProof(grow(leaves).source, older.size, newer.size);
        assert.ok(verifyConsistency(sha256, older, newer, proof));
        const refused = (a: typeof older, b: typeof newer, altered = proof) =>
          assert.ok(!verifyConsistency(sha256, a, b, altered));
        refused({ ...older, root: flipped(older.root, at) }, newer);
        if (size > 0) refused(older, { ...newer, root: flipped(newer.root, at) });
        refused(older, newer, [...proof, newer.root]);
        if (proof.length > 0) refused(older, newer, proof.slice(1));
        if (size < newer.size) refused(newer, older);
        proof.forEach((_, k) =>
          refused(
            older,
            newer,
            proof.map((hash, i) => (i === k ? flipped(hash, at) : hash)),
          ),
        );
      }),
    );
  });

  test('a log that was rewritten cannot be proved consistent', () => {
    fc.assert(
      fc.property(treeAndSizes, fc.nat(), ({ leaves, size, index }, at) => {
        const rewritten = leaves.map((leaf, i) => (i === index ? flipped(leaf, at) : leaf));
        const older = { size, root: naiveRoot(leaves.slice(0, size)) };
        const newer = { size: leaves.length, root: naiveRoot(rewritten) };
        const proof = consistencyProof(grow(rewritten).source, size, leaves.length);
        assert.ok(!verifyConsistency(sha256, older, newer, proof));
      }),
    );
  });

  test('a later tree is no part of an earlier one', () => {
    assert.throws(() => consistencyProof(grow(LEAVES).source, 8, 7), RangeError);
  });
});
