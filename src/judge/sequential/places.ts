import type { InstanceCount } from '../tick.ts';

/** An instance that was not seen for longer than the longest block has nothing left in one, and its row goes to another. */
const FORGOTTEN_AFTER_MS = 60_000;

/** Where each instance has its row in the blocks of section B, whatever the order in which instances come. Changed in place by its owner. */
export interface Places {
  readonly byName: Map<string, number>;
  /** The names of the tick before, which are nearly always those of the next. */
  readonly names: (string | undefined)[];
  /** Of the instances of the last tick in turn. */
  readonly of: number[];
  /** By row: when its instance was last seen, epoch milliseconds. There are as many rows as were ever needed at a time. */
  readonly seenAt: number[];
  /** Rows without an instance. */
  readonly free: number[];
  /** When rows were last looked through for instances that are gone. */
  clearedAt: number;
}

export const createPlaces = (startedAt: number): Places => ({
  byName: new Map(),
  names: [],
  of: [],
  seenAt: [],
  free: [],
  clearedAt: startedAt,
});

/**
 * Looks up the rows of a tick's instances: `places.of`. Those that have no name are told apart by their place in the list.
 * @param at when the tick ended
 */
export function findPlaces(places: Places, instances: readonly InstanceCount[], at: number): void {
  const { names, of, seenAt } = places;
  if (at - places.clearedAt > FORGOTTEN_AFTER_MS) clear(places, at);
  for (let i = 0; i < instances.length; i++) {
    const name = instances[i]?.name;
    if (i >= names.length || names[i] !== name) {
      names[i] = name;
      of[i] = placeOf(places, name ?? String(i));
    }
    seenAt[of[i] as number] = at;
  }
}

function placeOf({ byName, free, seenAt }: Places, called: string): number {
  const known = byName.get(called);
  if (known !== undefined) return known;
  const place = free.pop() ?? seenAt.length;
  byName.set(called, place);
  return place;
}

/** What the tick before was called may be gone: the names are looked up anew. */
function clear(places: Places, at: number): void {
  const { byName, free, seenAt } = places;
  places.clearedAt = at;
  places.names.length = 0;
  for (const [name, place] of byName) {
    if (at - (seenAt[place] as number) <= FORGOTTEN_AFTER_MS) continue;
    byName.delete(name);
    free.push(place);
  }
}
