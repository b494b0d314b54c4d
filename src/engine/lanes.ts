import { decide } from '../core/decide.ts';
import type { Decision, Refusal } from '../core/decision.ts';
import { evolve } from '../core/evolve.ts';
import { routeOf, type LaneId } from '../core/ids.ts';
import type { Input } from '../core/input.ts';
import { liveOnly, type Lane } from '../core/lane.ts';
import type { LaneAppend, NewTask, Store } from '../ports/store.ts';
import type { Applications } from './world.ts';
import { tasksOf } from './tasks.ts';
import { Turns } from './turns.ts';

export type TaskRef = NonNullable<LaneAppend['completes']>;

export interface Submitted {
  /** As it stands now, with those of its deployments that this input ended. */
  readonly lane: Lane;
  readonly refused: Refusal | null;
}

const PAGE = 500;

/** Told of every append once it is durable. */
export type OnAppended = (append: LaneAppend) => void;

/**
 * The one way round: input -> decide -> events, state and tasks in one transaction. Inputs of a lane go one after the
 * other; lanes do not wait for each other.
 */
export class Lanes {
  readonly #store: Store;
  readonly #applications: Pick<Applications, 'channels'>;
  readonly #onAppended: OnAppended;
  readonly #turns = new Turns();
  /** What was recorded up to here is in `#known`. */
  #readUpTo = 0;
  /** Every lane as last loaded or written. */
  readonly #known = new Map<string, { readonly version: number; readonly lane: Lane }>();

  constructor(store: Store, applications: Pick<Applications, 'channels'>, onAppended: OnAppended) {
    this.#store = store;
    this.#applications = applications;
    this.#onAppended = onAppended;
  }

  /** Reads every lane, so that `all` knows them. */
  async load(): Promise<void> {
    const [newest] = await this.#store.events({ limit: 1, newestFirst: true });
    for (const id of await this.#store.lanes()) await this.lane(id);
    this.#readUpTo = newest?.sequence ?? 0;
  }

  /** Reads the lanes again in which anything was recorded since the last time, by this replica or another. */
  refresh(): Promise<void> {
    return this.#turns.take('refresh', async () => {
      for (;;) {
        const page = await this.#store.events({ after: this.#readUpTo, limit: PAGE });
        const changed = new Map(page.flatMap(({ lane }) => (lane === null ? [] : [[routeOf(lane), lane]])));
        for (const lane of changed.values()) await this.lane(lane);
        this.#readUpTo = page.at(-1)?.sequence ?? this.#readUpTo;
        if (page.length < PAGE) return;
      }
    });
  }

  /** Every lane with its live deployments. */
  all(): readonly Lane[] {
    return [...this.#known.values()].map(({ lane }) => lane);
  }

  async lane(id: LaneId): Promise<Lane> {
    const { version, lane } = await this.#store.loadLane(id);
    if (version > 0) this.#remember(lane, version);
    return lane;
  }

  /**
   * Decides on an input and makes the decision durable.
   * @param completes the task whose outcome the input is; it ends with the same transaction, and when its fence is old
   *   the whole input is dropped
   */
  submit(id: LaneId, input: Input, completes: TaskRef | null = null): Promise<Submitted> {
    return this.#turns.take(routeOf(id), () => this.#decideAndAppend(id, input, completes));
  }

  async #decideAndAppend(id: LaneId, input: Input, completes: TaskRef | null): Promise<Submitted> {
    for (;;) {
      const { version, lane } = await this.#store.loadLane(id);
      const decision = decide(lane, input);
      if (decision.events.length === 0 && decision.effects.length === 0) {
        if (completes !== null) await this.#store.finish(completes.key, completes.fence);
        return { lane, refused: decision.refused };
      }
      const folded = decision.events.reduce(evolve, lane);
      const append = this.#append(lane, folded, decision, input, version, completes);
      const result = await this.#store.append(append);
      if (result.ok) {
        this.#remember(folded, result.version);
        this.#onAppended(append);
        return { lane: folded, refused: decision.refused };
      }
      if (result.why === 'stale_fence') return { lane, refused: decision.refused };
    }
  }

  #append(
    before: Lane,
    folded: Lane,
    decision: Decision,
    input: Input,
    version: number,
    completes: TaskRef | null,
  ): LaneAppend {
    const tasks: readonly NewTask[] = tasksOf(folded, decision, input.at, version, (message) =>
      this.#applications.channels(folded.id.application, message),
    );
    return {
      lane: folded.id,
      expectedVersion: version,
      environment: folded.environment,
      deployments: folded.deployments.filter((deployment) => !before.deployments.includes(deployment)),
      events: decision.events,
      tasks,
      cancel: decision.cancel,
      completes,
    };
  }

  /** What was read before an append may arrive after it. */
  #remember(lane: Lane, version: number): void {
    const route = routeOf(lane.id);
    if (version < (this.#known.get(route)?.version ?? 0)) return;
    this.#known.set(route, { version, lane: { ...lane, deployments: liveOnly(lane.deployments) } });
  }
}
