import type { Tick } from '../judge/index.ts';

/** What both arms of a trace did within a stretch of time. */
export interface RatePoint {
  /** The end of it, epoch milliseconds. */
  readonly until: number;
  readonly canary: { requests: number; errors: number };
  readonly baseline: { requests: number; errors: number };
}

const MOST = 400;

/** A trace's error rates in at most 400 points: when there are more, each two become one. */
export class Rates {
  #points: RatePoint[] = [];
  #lengthMs: number;

  /** @param lengthMs of the shortest stretch */
  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  add({ at, canary, baseline }: Tick): void {
    let point = this.#points.at(-1);
    if (point === undefined || at > point.until) {
      if (this.#points.length === MOST) this.#halve();
      const until = Math.ceil(at / this.#lengthMs) * this.#lengthMs;
      point = { until, canary: { requests: 0, errors: 0 }, baseline: { requests: 0, errors: 0 } };
      this.#points.push(point);
    }
    addTo(point.canary, canary);
    addTo(point.baseline, baseline);
  }

  points(): readonly RatePoint[] {
    return this.#points;
  }

  #halve(): void {
    this.#lengthMs *= 2;
    const halved: RatePoint[] = [];
    for (const point of this.#points) {
      const until = Math.ceil(point.until / this.#lengthMs) * this.#lengthMs;
      const last = halved.at(-1);
      if (last?.until !== until) halved.push({ ...point, until });
      else {
        addTo(last.canary, point.canary);
        addTo(last.baseline, point.baseline);
      }
    }
    this.#points = halved;
  }
}

function addTo(into: RatePoint['canary'], from: RatePoint['canary']): void {
  into.requests += from.requests;
  into.errors += from.errors;
}
