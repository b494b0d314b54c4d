/** How a rollout stood at one moment. */
export interface TrackPoint {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The canary's share in percent. */
  readonly weight: number;
  /** Evidence of harm, natural logarithm. */
  readonly logE: number;
}

const MOST = 2000;

/** A rollout's course in at most 2,000 points, however long it takes: whenever there are more, every other one is dropped. */
export class Track {
  #points: TrackPoint[] = [];
  #stride = 1;
  #seen = 0;

  add(point: TrackPoint): void {
    // A change of weight is never dropped between two points that hide it.
    if (this.#seen++ % this.#stride !== 0 && this.#points.at(-1)?.weight === point.weight) return;
    this.#points.push(point);
    if (this.#points.length < MOST) return;
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
  }

  points(): readonly TrackPoint[] {
    return this.#points;
  }
}
