import { sameBytes } from './bytes.ts';
import { hashNode, type Hash } from './tree.ts';

/** Reads a stored node: the root of the complete subtree over the leaves from `index * 2^level` up to the next. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** Where proofs come from: the hash, and the nodes that `append` gave out. */
export interface ProofSource {
  readonly hash: Hash;
  readonly node: NodeReader;
}

/** The root of the first `size` leaves, from stored nodes; size at least 1. */
export const rootAt = (source: ProofSource, size: number): Uint8Array => rangeRoot(source, 0, size);

/**
 * That a leaf is in the tree of `size` leaves: RFC 6962, section 2.1.1, PATH(index, D[size]), lowest sibling first.
 * @throws RangeError for a leaf outside the tree
 */
export function inclusionProof(source: ProofSource, index: number, size: number): Uint8Array[] {
  if (!isCount(index) || !isCount(size) || index >= size)
    throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  return path(source, index, 0, size);
}

/**
 * That the tree of `newer` leaves begins with that of `older`: RFC 6962, section 2.1.2, PROOF(older, D[newer]).
 * Empty for equal sizes, and for an empty older tree, with which every tree begins.
 * @throws RangeError for sizes out of order
 */
export function consistencyProof(source: ProofSource, older: number, newer: number): Uint8Array[] {
  if (!isCount(older) || !isCount(newer) || older > newer)
    throw new RangeError(`a tree of ${newer} leaves has no part of ${older}`);
  return older === 0 ? [] : subproof(source, older, 0, newer, true);
}

export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion(hash: Hash, claim: InclusionClaim, proof: readonly Uint8Array[]): boolean {
  if (!isCount(claim.index) || !isCount(claim.size) || claim.index >= claim.size) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let root = claim.leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      root = hashNode(hash, sibling, root);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else root = hashNode(hash, root, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(root, claim.root);
}

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** RFC 9162, section 2.1.4.2; every tree begins with the empty one, whose root the caller knows. */
export function verifyConsistency(
  hash: Hash,
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(older.size) || !isCount(newer.size) || older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root);
  if (older.size === 0) return proof.length === 0 && sameBytes(older.root, hash(new Uint8Array()));
  const [first, ...rest] = isPowerOfTwo(older.size) ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let node = older.size - 1;
  let last = newer.size - 1;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let olderRoot = first;
  let newerRoot = first;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      olderRoot = hashNode(hash, sibling, olderRoot);
      newerRoot = hashNode(hash, sibling, newerRoot);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else newerRoot = hashNode(hash, newerRoot, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && sameBytes(olderRoot, older.root) && sameBytes(newerRoot, newer.root);
}

/** The Merkle tree hash of the leaves from `start` to before `end`. `start` is a multiple of the range's largest power of two. */
function rangeRoot(source: ProofSource, start: number, end: number): Uint8Array {
  const length = end - start;
  if (isPowerOfTwo(length)) return source.node(Math.log2(length), start / length);
  const middle = start + splitOf(length);
  return hashNode(source.hash, rangeRoot(source, start, middle), rangeRoot(source, middle, end));
}

function path(source: ProofSource, index: number, start: number, end: number): Uint8Array[] {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle
    ? [...path(source, index, start, middle), rangeRoot(source, middle, end)]
    : [...path(source, index, middle, end), rangeRoot(source, start, middle)];
}

/** @param whole whether the older tree is this whole range so far, whose root the verifier then has */
function subproof(
  source: ProofSource,
  older: number,
  start: number,
  end: number,
  whole: boolean,
): Uint8Array[] {
  if (older === end) return whole ? [] : [rangeRoot(source, start, end)];
  const middle = start + splitOf(end - start);
  return older <= middle
    ? [...subproof(source, older, start, middle, whole), rangeRoot(source, middle, end)]
    : [...subproof(source, older, middle, end, false), rangeRoot(source, start, middle)];
}

/** The largest power of two below n. */
function splitOf(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

// Sizes may pass 2^31, beyond which bit operators are wrong.
const half = (n: number) => Math.floor(n / 2);
const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;

function isPowerOfTwo(n: number): boolean {
  let rest = n;
  while (rest % 2 === 0 && rest > 1) rest /= 2;
  return rest === 1;
}
