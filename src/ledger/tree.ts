import { concat } from './bytes.ts';

/** A cryptographic hash, SHA-256 in practice. */
export type Hash = (data: Uint8Array) => Uint8Array;

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** RFC 6962, section 2.1: H(0x00 || leaf). */
export const hashLeaf = (hash: Hash, leaf: Uint8Array): Uint8Array => hash(concat(LEAF, leaf));

/** RFC 6962, section 2.1: H(0x01 || left || right). */
export const hashNode = (hash: Hash, left: Uint8Array, right: Uint8Array): Uint8Array =>
  hash(concat(NODE, left, right));

/** All that is needed to append and to know the root: the roots of the complete subtrees, largest first. Immutable. */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Uint8Array[];
}

export const EMPTY: Frontier = { size: 0, roots: [] };

/** The root of a complete subtree: it holds the leaves from `index * 2^level` up to the next. Level 0 are the leaves. Never changes once written. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * Appends leaf hashes, each at O(1) hashes on average.
 * @returns the new frontier, and the nodes that became complete, to be stored for proofs
 */
export function append(
  hash: Hash,
  frontier: Frontier,
  leafHashes: readonly Uint8Array[],
): { readonly frontier: Frontier; readonly nodes: readonly TreeNode[] } {
  const roots = [...frontier.roots];
  const nodes: TreeNode[] = [];
  let size = frontier.size;
  for (const leafHash of leafHashes) {
    let node: TreeNode = { level: 0, index: size, hash: leafHash };
    nodes.push(node);
    while (node.index % 2 === 1) {
      const left = roots.pop();
      if (left === undefined) throw new RangeError(`a frontier of ${size} leaves lacks roots`);
      node = { level: node.level + 1, index: (node.index - 1) / 2, hash: hashNode(hash, left, node.hash) };
      nodes.push(node);
    }
    roots.push(node.hash);
    size += 1;
  }
  return { frontier: { size, roots }, nodes };
}

/** The root hash (Merkle tree hash) of all leaves; that of no leaves is the hash of nothing. */
export function rootOf(hash: Hash, { roots }: Frontier): Uint8Array {
  const [smallest, ...larger] = roots.toReversed();
  if (smallest === undefined) return hash(new Uint8Array());
  return larger.reduce((right, left) => hashNode(hash, left, right), smallest);
}
