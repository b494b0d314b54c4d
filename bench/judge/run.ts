import {
  assess,
  beginStep,
  createJudge,
  latencyBuckets,
  slowThresholds,
  observe,
  type Assessment,
  type AssessmentContext,
  type InstanceHistory,
  type Judge,
  type JudgeSettings,
} from '../../src/judge/index.ts';
import { mayRespond } from './looks.ts';
import type { Happening, Moment, Outcome } from './outcome.ts';
import type { Counting } from './stream/loopers.ts';
import type { Scenario } from './stream/scenario.ts';
import { Stream } from './stream/stream.ts';

/** One rollout to simulate. */
export interface Rollout {
  readonly scenario: Scenario;
  readonly settings: JudgeSettings;
  /** The rollout is over after so many seconds. */
  readonly seconds: number;
  /** The regression begins with this second, 0 unless told; every moment is counted from there. */
  readonly onsetSecond?: number;
  /** With what it is over, too, beside a rollback. */
  readonly until?: 'certificate' | 'completed';
  /** What is counted; what the settings say unless told: another to see what a wrong unit does. */
  readonly counting?: Counting;
  /** The judge is given what the stable version's instances did for so long before. */
  readonly historySeconds?: number;
  /** Whether it is told how many of each stable instance's answers are slow; yes unless told. */
  readonly slowTold?: boolean;
  /** Warnings are looked for, which takes a full look every second. */
  readonly warnings?: boolean;
  /** Steps as with `pace: evidence`; one at the scenario's share unless told. */
  readonly paced?: boolean;
}

/** Plays a rollout through the shipped judge, looked at every second, until it is over. */
export const play = (rollout: Rollout, seed: number): Outcome => new Play(rollout, seed).run();

const withoutSlow = ({ length, blocks }: InstanceHistory[number]) => ({
  length,
  blocks: blocks.map(({ requests, errors }) => ({ requests, errors })),
});

const NO_BUCKETS: readonly number[] = [];
/** As is usual: in percent of the traffic, before 100. */
const STEPS = [1, 10, 50];
/** At `pace: evidence` a step is looked at for so long at least. */
const LEAST_STEP_MS = 10_000;
/** The time to the certificate is predicted once so much was seen. */
const PREDICTION_SECOND = 10;

class Play {
  readonly #rollout: Rollout;
  readonly #stream: Stream;
  readonly #judge: Judge;
  readonly #moments: Partial<Record<Happening, Moment>> = {};
  #requestsAtOnset = 0;
  #step = 0;
  #stepStartedAt = 0;
  #prediction: { readonly madeAt: number; readonly ms: number } | undefined;

  constructor(rollout: Rollout, seed: number) {
    const { scenario, settings, counting = settings.unit, historySeconds } = rollout;
    this.#rollout = rollout;
    this.#stream = new Stream({ scenario, seed, counting });
    const history = historySeconds === undefined ? undefined : this.#stream.history(historySeconds);
    this.#judge = createJudge(settings, 0, rollout.slowTold === false ? history?.map(withoutSlow) : history);
    this.#begin(0);
  }

  run(): Outcome {
    const { seconds, until } = this.#rollout;
    for (let second = 1; second <= seconds; second++) {
      this.#observe();
      this.#look(second);
      if (second === this.#rollout.onsetSecond)
        this.#requestsAtOnset = this.#judge.sinceStart.canary.requests;
      if (this.#moments.rollback !== undefined) break;
      if (until !== undefined && this.#moments[until] !== undefined) break;
    }
    const { certificate } = this.#moments;
    if (this.#prediction === undefined || certificate === undefined) return { moments: this.#moments };
    const { madeAt, ms } = this.#prediction;
    return { moments: this.#moments, realOfPredicted: (certificate.second * 1000 - madeAt) / ms };
  }

  #observe(): void {
    const { unit } = this.#judge.settings;
    const buckets = unit === 'client' ? latencyBuckets(this.#judge) : NO_BUCKETS;
    const slowFrom = this.#rollout.slowTold === false ? NO_BUCKETS : slowThresholds(this.#judge);
    observe(this.#judge, this.#stream.next(buckets, slowFrom));
  }

  /** Looks at the judge where a look could tell anything new: always, or only where its evidence allows a response. */
  #look(second: number): void {
    const { warnings, paced, until } = this.#rollout;
    const everything = warnings === true || paced === true;
    if (everything || mayRespond(this.#judge)) this.#take(assess(this.#judge, this.#context(second)), second);
    if (until === undefined) return;
    if (this.#judge.certificate.held) this.#note('certificate', second);
    if (second - this.#stepStartedAt / 1000 === PREDICTION_SECOND && !this.#more()) this.#predict(second);
  }

  #take({ verdict, response }: Assessment, second: number): void {
    if (verdict === 'warning') this.#note('warning', second);
    if (response !== null) this.#note('retreat', second);
    if (response === 'rollback') this.#note('rollback', second);
    if (verdict !== 'ok' || this.#rollout.paced !== true) return;
    if (!this.#more()) return this.#note('completed', second);
    this.#step++;
    this.#begin(second * 1000);
  }

  /** Whether a step follows that has a baseline beside it. */
  #more(): boolean {
    return this.#rollout.paced === true && this.#step + 1 < STEPS.length;
  }

  #begin(at: number): void {
    this.#stepStartedAt = at;
    if (this.#rollout.paced === true) this.#stream.setCanaryShare((STEPS[this.#step] ?? 0) / 100);
    beginStep(this.#judge, at);
  }

  #predict(second: number): void {
    const now = second * 1000;
    const { held, remainingMs } = assess(this.#judge, this.#context(second)).record.evidence.certificate;
    if (!held && remainingMs !== null) this.#prediction = { madeAt: now, ms: remainingMs };
  }

  #note(what: Happening, second: number): void {
    const { onsetSecond = 0 } = this.#rollout;
    const requests = this.#judge.sinceStart.canary.requests - this.#requestsAtOnset;
    this.#moments[what] ??= { second: second - onsetSecond, requests };
  }

  #context(second: number): AssessmentContext {
    return {
      now: second * 1000,
      stepStartedAt: this.#stepStartedAt,
      minStepMs: this.#rollout.paced === true ? LEAST_STEP_MS : 0,
      maxStepMs: Number.MAX_SAFE_INTEGER,
      concurrentBaseline: true,
      certificateRequired: !this.#more(),
      staleAfterMs: 30_000,
    };
  }
}
