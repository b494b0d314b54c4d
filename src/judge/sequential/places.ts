import type { InstanceCount } from '../tick.ts';

/** Where each instance has its row in the blocks of section B, whatever the order in which instances come. Changed in place by its owner. */
export interface Places {
  readonly byName: Map<string, number>;
  /** The names of the tick before, which are nearly always those of the next. */
  readonly names: (string | undefined)[];
  /** Of the instances of the last tick in turn. */
  readonly of: number[];
}

export const createPlaces = (): Places => ({ byName: new Map(), names: [], of: [] });

/** Looks up the rows of a tick's instances: `places.of`. Those that have no name are told apart by their place in the list. */
export function findPlaces(places: Places, instances: readonly InstanceCount[]): void {
  const { byName, names, of } = places;
  for (let i = 0; i < instances.length; i++) {
    const name = instances[i]?.name;
    if (i < names.length && names[i] === name) continue;
    const called = name ?? String(i);
    let place = byName.get(called);
    if (place === undefined) byName.set(called, (place = byName.size));
    names[i] = name;
    of[i] = place;
  }
}
