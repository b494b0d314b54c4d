import type { Hold, Peers, Store } from '../ports/store.ts';

/** A store that nobody else has open. */
export const alone = async (): Promise<Peers> => ({ self: 'owner', live: ['owner'] });

/** Holding for whoever has the store to itself: it gets whatever it asks for, and never loses it. */
export function soleHolder(drawFence: () => Promise<number>): Store['hold'] {
  const held = new Map<string, Promise<Hold>>();
  const { signal: lost } = new AbortController();
  const take = (name: string): Promise<Hold> => {
    const free = () => {
      if (held.get(name) === taken) held.delete(name);
    };
    const release = async () => free();
    const taken = drawFence().then((fence): Hold => ({ name, fence, lost, release }));
    taken.catch(free);
    held.set(name, taken);
    return taken;
  };
  return (names) => Promise.all(names.map((name) => held.get(name) ?? take(name)));
}
