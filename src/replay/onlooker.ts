import type { Plan } from '../core/plan.ts';
import { instant } from '../core/time.ts';
import { judgeSettings } from '../engine/observer/judging.ts';
import {
  assess,
  createJudge,
  observe,
  slowThresholds,
  type Assessment,
  type Judge,
  type Verdict,
} from '../judge/index.ts';
import type { Tick } from '../judge/index.ts';
import { Rehearsal, type Cast } from './rehearsal.ts';
import type { SeenTick } from './windows.ts';

/** What the policy would do with a rollout that it only watches. */
export type Would = 'wait' | 'proceed' | 'pause' | 'retreat' | 'roll_back';

/** A change of mind, or of what is there to be seen. */
export interface Remark {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly would: Would;
  readonly verdict: Verdict;
  readonly rule: string;
  readonly reason: string;
  /** The canary's share of the requests of late, in percent; null without any. */
  readonly share: number | null;
  /** Evidence of harm, natural logarithm. */
  readonly logE: number;
  /** Since the watching began. */
  readonly canary: { readonly requests: number; readonly errors: number };
  readonly stable: { readonly requests: number; readonly errors: number };
}

/** Counts of scrapes come later than those of a proxy. */
const STALE_AFTER_MS = 120_000;

/**
 * Judges a rollout that something else drives. It has no steps, since the other side has them: what would be asked before all of the
 * traffic is asked all the time. The judge begins with the canary's first request.
 */
export class Onlooker {
  readonly #cast: Cast;
  #judge: Judge | undefined;
  #last: Remark | undefined;
  #seenAt: number | undefined;
  #recent: readonly Tick[] = [];

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  get last(): Remark | undefined {
    return this.#last;
  }

  /** From which buckets on the next tick's answers are slow; none before the judge knows. */
  get slowFrom(): ArrayLike<number> {
    return this.#judge === undefined ? [] : slowThresholds(this.#judge);
  }

  /** Takes what was counted since the tick before. */
  see({ tick, unit }: SeenTick): void {
    const from = this.#seenAt ?? tick.at;
    this.#seenAt = tick.at;
    if (this.#judge === undefined && tick.canary.requests === 0) return;
    this.#judge ??= judgeOf(this.#cast, unit, from);
    observe(this.#judge, tick);
    this.#recent = [...this.#recent.filter(({ at }) => at > tick.at - 60_000), tick];
  }

  /** @returns what there is to say now; undefined while it is what was said before */
  look(now: number): Remark | undefined {
    const judge = this.#judge;
    if (judge === undefined) return undefined;
    const { lastTickAt = now, startedAt } = judge;
    const assessment = assess(judge, {
      now: Math.max(now, lastTickAt),
      stepStartedAt: startedAt,
      minStepMs: 0,
      maxStepMs: Number.MAX_SAFE_INTEGER,
      concurrentBaseline: true,
      certificateRequired: true,
      staleAfterMs: STALE_AFTER_MS,
    });
    const remark = this.#remark(judge, assessment, now);
    const known = this.#last?.would === remark.would && this.#last.rule === remark.rule;
    if (known) return undefined;
    this.#last = remark;
    return remark;
  }

  #remark(
    { sinceStart }: Judge,
    { verdict, rule, response, reason, record }: Assessment,
    at: number,
  ): Remark {
    const sum = (side: 'canary' | 'baseline') =>
      this.#recent.reduce((total, tick) => total + tick[side].requests, 0);
    const [canary, stable] = [sum('canary'), sum('baseline')];
    const would = response === null ? CALM[verdict] : response === 'retreat' ? 'retreat' : 'roll_back';
    return {
      at,
      would,
      verdict,
      rule,
      reason,
      share: canary + stable === 0 ? null : (100 * canary) / (canary + stable),
      logE: record.evidence.logE.combined,
      canary: countsOf(sinceStart.canary),
      stable: countsOf(sinceStart.baseline),
    };
  }
}

const CALM: Readonly<Record<Verdict, Would>> = {
  ok: 'proceed',
  undecided: 'wait',
  warning: 'pause',
  issue: 'roll_back',
};

const countsOf = ({ requests, errors }: { readonly requests: number; readonly errors: number }) => ({
  requests,
  errors,
});

/** A judge as the policy asks for it. */
function judgeOf(cast: Cast, unit: SeenTick['unit'], startedAt: number): Judge {
  const plan: Plan = { ...cast.plan, strategy: 'canary' };
  const { deployment } = new Rehearsal({ ...cast, plan }, instant(startedAt));
  return createJudge({ ...judgeSettings(deployment), unit }, startedAt);
}
