import { Scenario } from '../support/scenario.ts';
import { differences, type Differences } from './compare.ts';
import type { Outcome } from './outcome.ts';
import { release, type Run } from './run.ts';
import type { CrashPoint } from './tripwire.ts';

/** A good release, which becomes live step by step, or one that falls ill on its way and is taken back. */
export type Kind = 'canary' | 'rollback';

/** One point of the matrix: where the server was killed, and in what that showed. */
export interface Tried extends Run, Differences {
  readonly point: CrashPoint;
}

/** A scenario in which release after release is disturbed at another point; users go on all the while. */
export class Matrix {
  readonly scenario: Scenario;
  /** The transitions of the undisturbed release. */
  readonly transitions: readonly string[];
  readonly #kind: Kind;
  readonly #undisturbed: Outcome;

  private constructor(scenario: Scenario, kind: Kind, { transitions, outcome }: Run) {
    this.scenario = scenario;
    this.transitions = transitions;
    this.#kind = kind;
    this.#undisturbed = outcome;
  }

  /** Lets one release go undisturbed: what the others are held against. */
  static async build(kind: Kind): Promise<Matrix> {
    const scenario = await Scenario.build();
    try {
      await scenario.open();
      return new Matrix(scenario, kind, await release(scenario, named(kind, 'undisturbed'), null));
    } catch (error) {
      await scenario.tearDown();
      throw error;
    }
  }

  /** Every point that this kind has of its own: a rollout's way up to its fall is that of a canary. */
  points(): readonly CrashPoint[] {
    const first = this.#kind === 'canary' ? 0 : this.transitions.findIndex((name) => /rollback/.test(name));
    return this.transitions.flatMap((_, index): readonly CrashPoint[] =>
      index < first
        ? []
        : [
            { transition: index + 1, side: 'before' },
            { transition: index + 1, side: 'after' },
          ],
    );
  }

  /** Releases, with the server killed at the point. */
  async tryAt(point: CrashPoint): Promise<Tried> {
    const wanted = named(this.#kind, `${point.side}-${point.transition}`);
    const run = await release(this.scenario, wanted, point);
    return { ...run, point, ...differences(run, this.#undisturbed) };
  }

  async tearDown(): Promise<void> {
    await this.scenario.tearDown();
  }
}

const named = (kind: Kind, version: string) => ({ version, sick: kind === 'rollback' });

/** Where it was killed, in words. */
export const describe = ({ point: { transition, side }, transitions }: Tried): string =>
  `${side} ${transition} (${transitions[transition - 1] ?? 'never reached'})`;

/** Everything that is wrong with what a kill led to. */
export const objections = ({ endState, doubled, lost, dropped }: Tried): readonly string[] => [
  ...endState,
  ...doubled,
  ...lost.map((event) => `lost ${event}`),
  ...(dropped === 0 ? [] : [`${dropped} requests of users failed`]),
];
