import { minutes } from '../core/time.ts';
import { increaseOf, type Sample } from './increase.ts';
import type { InstanceWindow } from '../ports/metrics.ts';

/** How long samples are remembered, and how many at most of one instance. */
const REMEMBERED = { time: minutes(15), samples: 200 };
/** What was seen less often may be anything. */
export const LEAST_SAMPLES = 3;
/** Versions and instances that are remembered. */
const MOST_INSTANCES = 500;

/** Totals as they were seen at times, where nobody else remembers them. */
export class SampleMemory {
  readonly #arms = new Map<string, Map<string, Sample[]>>();

  /** Notes what was seen of an arm's instances at one moment. Samples that are not later than the last are left out. */
  note(arm: string, seen: ReadonlyMap<string, Sample>): void {
    const instances = this.#arms.get(arm) ?? new Map<string, Sample[]>();
    for (const [name, sample] of seen) {
      const samples = instances.get(name) ?? [];
      if (sample.at <= (samples.at(-1)?.at ?? -Infinity)) continue;
      samples.push(sample);
      const old = samples.findIndex(({ at }) => at >= sample.at - REMEMBERED.time);
      samples.splice(0, Math.max(old - 1, samples.length - REMEMBERED.samples));
      instances.set(name, samples);
    }
    this.#arms.delete(arm); // the one that is used last is the newest
    this.#arms.set(arm, instances);
    this.#forget();
  }

  /** When the arm was last seen; undefined when it was not seen often enough to be believed. */
  lastAt(arm: string): number | undefined {
    const samples = [...(this.#arms.get(arm)?.values() ?? [])].filter(
      ({ length }) => length >= LEAST_SAMPLES,
    );
    return samples.length === 0 ? undefined : Math.max(...samples.map((list) => list.at(-1)?.at ?? 0));
  }

  /** What each instance's totals grew by in `(from, to]`. @throws SpillwayError `corrupt` */
  increases(arm: string, from: number, to: number): InstanceWindow[] {
    return [...(this.#arms.get(arm) ?? [])].map(([name, samples]) => increaseOf(name, samples, from, to));
  }

  #forget(): void {
    let count = [...this.#arms.values()].reduce((sum, { size }) => sum + size, 0);
    for (const [arm, { size }] of this.#arms) {
      if (count <= MOST_INSTANCES) return;
      this.#arms.delete(arm);
      count -= size;
    }
  }
}
