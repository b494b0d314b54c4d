import { estimatePhi, temperingOf, type InstanceBlock } from '../../judge/index.ts';
import type { Look } from './series.ts';

/** Block lengths, in looks. */
const LENGTHS = [1, 10, 60] as const;
/** So many blocks of each length are remembered: the last half hour of one-second looks. */
const REMEMBERED = 1800;
/** The factor is taken anew after so many looks. */
const RENEW_EVERY = 60;

interface Blocks {
  readonly length: number;
  readonly done: InstanceBlock[];
  open: Map<string, { requests: number; errors: number }>;
}

/**
 * How much more the errors of equal (stable) instances differ than chance explains, from past looks only: evidence on
 * requests is divided by this factor.
 */
export class Tempering {
  readonly #lengths: readonly Blocks[] = LENGTHS.map((length) => ({ length, done: [], open: new Map() }));
  #looks = 0;

  /** @returns the new factor when it is time to take it anew */
  add({ counts }: Look): number | undefined {
    this.#looks++;
    for (const blocks of this.#lengths) {
      for (const { name, side, requests, errors } of counts) {
        if (side !== 'baseline') continue;
        const sum = blocks.open.get(name) ?? { requests: 0, errors: 0 };
        blocks.open.set(name, { requests: sum.requests + requests, errors: sum.errors + errors });
      }
      if (this.#looks % blocks.length === 0) close(blocks);
    }
    if (this.#looks % RENEW_EVERY !== 0) return undefined;
    return temperingOf(this.#lengths.map(({ done }) => estimatePhi(done)));
  }
}

function close(blocks: Blocks): void {
  const instances = [...blocks.open.values()];
  blocks.open = new Map();
  if (instances.length === 0) return;
  blocks.done.push({ requests: instances.map((i) => i.requests), errors: instances.map((i) => i.errors) });
  if (blocks.done.length > REMEMBERED) blocks.done.shift();
}
