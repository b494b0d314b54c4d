import { messageOf, SpillwayError } from '../../core/errors.ts';
import { elapsed, seconds, type Instant } from '../../core/time.ts';
import { createHistogram } from '../../judge/index.ts';
import type { MetricArm, MetricQuery, MetricSource, MetricWindow } from '../../ports/metrics.ts';
import type { InstanceCount, Side } from './series.ts';

/** A source is asked no more often than this. */
const ASK_EVERY = seconds(5);

/** Fewer requests say nothing of a baseline. */
const LEAST_REQUESTS = 20;

/** The sides that are counted now: no baseline where none serves beside the canary. */
export interface Arms {
  readonly canary: MetricArm;
  readonly baseline: MetricArm | null;
}

/** What both sides did up to `at`; nothing will be added to it. */
export interface FeedTick {
  readonly at: Instant;
  readonly counts: readonly InstanceCount[];
}

/** Turns windows of a metric source into ticks that end where both sides are final. */
export class MetricFeed {
  readonly #source: MetricSource;
  readonly #query: MetricQuery;
  #from: Instant;
  #askedAt: Instant | undefined;
  #trouble: string | undefined;

  /** @param from up to where counts are known already */
  constructor(source: MetricSource, query: MetricQuery, from: Instant) {
    this.#source = source;
    this.#query = query;
    this.#from = from;
  }

  /** Why there was nothing newer when it was last asked for. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** @returns undefined while there is nothing new. Failures become `trouble`: what is not known now may be known later. */
  async next({ canary, baseline }: Arms, now: Instant): Promise<FeedTick | undefined> {
    if (this.#askedAt !== undefined && elapsed(this.#askedAt, now) < ASK_EVERY) return undefined;
    this.#askedAt = now;
    const sides: ReadonlyArray<readonly [Side, MetricArm]> = [
      ['canary', canary],
      ...(baseline === null ? [] : [['baseline', baseline] as const]),
    ];
    const tick = await this.#ask(sides, now).catch((error: unknown) => {
      this.#trouble = messageOf(error);
      return undefined;
    });
    if (tick === undefined) return undefined;
    this.#trouble = undefined;
    this.#from = tick.at;
    return tick;
  }

  async #ask(sides: ReadonlyArray<readonly [Side, MetricArm]>, now: Instant): Promise<FeedTick | undefined> {
    const upTo = (arm: MetricArm, to: Instant) => this.#source.window(this.#query, arm, this.#from, to);
    const first = await Promise.all(sides.map(([, arm]) => upTo(arm, now)));
    const at = Math.min(...first.map(({ watermark }) => watermark)) as Instant;
    if (!(at > this.#from && at <= now)) return this.#wait(sides, first, this.#from);
    const both = await Promise.all(
      sides.map(async ([, arm], i) => {
        const known = first[i];
        return known?.watermark === at ? known : upTo(arm, at);
      }),
    );
    if (both.some(({ watermark }) => watermark !== at)) return this.#wait(sides, both, at);
    comparable(both[1]);
    return { at, counts: sides.flatMap(([side], i) => countsOf(side, both[i]?.instances ?? [])) };
  }

  #wait(
    sides: ReadonlyArray<readonly [Side, MetricArm]>,
    windows: readonly MetricWindow[],
    at: Instant,
  ): undefined {
    const reasons = windows.flatMap(({ watermark, notes }, i) =>
      watermark > at
        ? []
        : [
            `${sides[i]?.[0] === 'canary' ? 'the canary' : 'stable'}: ${notes.join('; ') || 'nothing is final yet'}`,
          ],
    );
    this.#trouble = reasons.join('; ') || 'its answer is of another time than was asked for';
    return undefined;
  }
}

/**
 * A baseline of which most requests fail is none: it is broken, or what is counted as an error is none.
 * @throws SpillwayError `corrupt`
 */
function comparable(baseline: MetricWindow | undefined): void {
  const sum = (key: 'requests' | 'errors') =>
    (baseline?.instances ?? []).reduce((all, one) => all + one[key], 0);
  const [requests, errors] = [sum('requests'), sum('errors')];
  if (requests < LEAST_REQUESTS || errors < requests / 2) return;
  throw new SpillwayError(
    'corrupt',
    `${errors} of ${requests} requests of stable are counted as errors: there is nothing to compare with`,
    { hint: 'Check what counts as an error; else stable itself is broken.' },
  );
}

const countsOf = (part: Side, instances: MetricWindow['instances']): InstanceCount[] =>
  instances
    .filter(({ requests }) => requests > 0)
    .map(({ name, requests, errors, latency }) => ({
      name: `${part}/${name}`,
      part,
      requests,
      errors,
      failures: errors,
      latency: latency ?? createHistogram(),
      slow: new Map(),
      clients: 0,
    }));
