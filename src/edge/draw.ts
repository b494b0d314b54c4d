import { randomBytes } from 'node:crypto';

const ID_BYTES = 8;
const ID = /^[0-9a-f]{16}$/;
const POOL_BYTES = 8192;
let pool = Buffer.alloc(0);
let used = 0;

/** A fresh visitor id: 64 random bits in hexadecimal. */
export function newVisitorId(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += ID_BYTES;
  return pool.toString('hex', used - ID_BYTES, used);
}

/** @returns the visitor id in a Cookie header; undefined when there is none or it is not one of ours. */
export function visitorIdIn(cookies: string | undefined, cookieName: string): string | undefined {
  if (cookies === undefined) return undefined;
  const key = `${cookieName}=`;
  for (let at = cookies.indexOf(key); at >= 0; at = cookies.indexOf(key, at + 1)) {
    if (at > 0 && cookies[at - 1] !== ' ' && cookies[at - 1] !== ';') continue;
    const end = cookies.indexOf(';', at);
    const id = cookies.slice(at + key.length, end < 0 ? undefined : end);
    if (ID.test(id)) return id;
  }
  return undefined;
}

/** The bits of `low` that fit a number exactly beside the 32 of `high`. */
const LOW_BITS = 21;

/**
 * A hash of 53 bits over a rollout's salt and a visitor's id: two multiplicative lanes, each finished with MurmurHash3's mixer
 * (Appleby, public domain). Not for secrets: it only has to be even and the same in every process.
 */
export function visitorHash(salt: string, id: string): number {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let i = 0; i < salt.length; i++) {
    const code = salt.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  for (let i = 0; i < id.length; i++) {
    const code = id.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  const high = mix(a ^ (b >>> 13));
  const low = mix(b ^ (high >>> 16));
  return high * 2 ** LOW_BITS + (low >>> (32 - LOW_BITS));
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** How many equal places the draw has: one for each hundredth of a percent. */
export const PLACES = 10_000;

/** A visitor's place from 0 to 9,999; it stays the same for the whole rollout. */
export const placeOf = (hash: number) => hash % PLACES;
