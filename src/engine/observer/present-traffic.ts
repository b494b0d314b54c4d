import { elapsed, minutes, type Duration, type Instant } from '../../core/time.ts';
import type { PresentTraffic } from '../../judge/index.ts';

/** Traffic is that of the last minutes, and not known before this much of it was counted. */
const REMEMBERED = minutes(5);
const LEAST = minutes(1);

interface Counted {
  readonly requests: number;
  readonly errors: number;
}

/** How many requests a version has, and how many of them fail. Looks that came too late are left out. */
export class TrafficMeter {
  #looks: ReadonlyArray<Counted & { readonly at: Instant; readonly lasted: Duration }> = [];

  note(now: Instant, lasted: Duration, counts: readonly Counted[]): void {
    const sum = (key: keyof Counted) => counts.reduce((total, one) => total + one[key], 0);
    const recent = this.#looks.filter(({ at }) => elapsed(at, now) < REMEMBERED);
    this.#looks = [...recent, { at: now, lasted, requests: sum('requests'), errors: sum('errors') }];
  }

  /** @returns null where too little was counted to tell */
  rates(): Omit<PresentTraffic, 'phi'> | null {
    const sum = (key: 'requests' | 'errors' | 'lasted') =>
      this.#looks.reduce((total, look) => total + look[key], 0);
    const [requests, lasted] = [sum('requests'), sum('lasted')];
    if (lasted < LEAST || requests === 0) return null;
    return {
      requestsPerSecond: (1000 * requests) / lasted,
      errorRate: Math.min(1, sum('errors') / requests),
    };
  }
}
