import { concat } from './bytes.ts';
import { hashLeaf, type Hash } from './tree.ts';

/** A salt shorter than this could be guessed together with a short entry. */
const SHORTEST_SALT = 16;
const LONGEST_SALT = 255;

export const isSalt = ({ length }: Uint8Array): boolean => length >= SHORTEST_SALT && length <= LONGEST_SALT;

/**
 * The leaf of an entry: a salted commitment, so that neither leaf nor proof tells anything of an entry that is withheld or redacted.
 * H(length of salt, one byte || salt || entry).
 * @param salt 16 to 255 random bytes, a new one for each entry
 * @throws RangeError for another salt
 */
export function leafOf(hash: Hash, entry: Uint8Array, salt: Uint8Array): Uint8Array {
  if (!isSalt(salt))
    throw new RangeError(`a salt has ${SHORTEST_SALT} to ${LONGEST_SALT} bytes, not ${salt.length}`);
  return hash(concat(Uint8Array.of(salt.length), salt, entry));
}

/** What is appended to the tree for an entry. */
export const leafHashOf = (hash: Hash, entry: Uint8Array, salt: Uint8Array): Uint8Array =>
  hashLeaf(hash, leafOf(hash, entry, salt));
