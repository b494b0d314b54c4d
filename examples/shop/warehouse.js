// Stands in for the service that every real shop has behind it: it takes its time, and now and then it fails.

const { WAREHOUSE_TIMEOUT = '250', SPILLWAY_INSTANCE = 'alone' } = process.env;
const FAILS = 0.005;
const FASTEST_MS = 4;
const USUAL_MS = 8;
const SPREAD = 0.5;

const random = seeded(SPILLWAY_INSTANCE);

/** @returns how many are in stock. Takes 12 ms as a rule, 22 ms or more once in 20 times. */
export async function stockOf(product) {
  const takes = FASTEST_MS + USUAL_MS * Math.exp(SPREAD * normal());
  const limit = Number(WAREHOUSE_TIMEOUT);
  await new Promise((resolve) => setTimeout(resolve, Math.min(takes, limit)));
  if (takes > limit) throw expected(`the warehouse did not answer within ${limit} ms`);
  if (random() < FAILS) throw expected('the warehouse refused');
  return (product * 13) % 50;
}

const expected = (message) => Object.assign(new Error(message), { expected: true });

const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Numbers from 0 to 1, the same ones for the same text (mulberry32). */
function seeded(text) {
  let state = 0;
  for (const character of text) state = (Math.imul(state, 31) + character.codePointAt(0)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
