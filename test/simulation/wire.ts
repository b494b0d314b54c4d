import { SpillwayError } from '../../src/core/errors.ts';
import type { FaultKind, Faults } from './faults.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { Trace } from './trace.ts';

/** What may go wrong with one kind of call. */
export interface Hazards {
  /** Those of the faults that this kind of call knows. */
  readonly faults: readonly FaultKind[];
  /** What is on its way when the caller dies may still arrive, as over a socket; else it dies with it. */
  readonly outlives?: boolean;
}

/** Everything that a simulated part needs to know of its surroundings. */
export interface Surroundings {
  readonly schedule: Schedule;
  readonly random: Random;
  readonly faults: Faults;
  readonly trace: Trace;
}

/** The promise that nobody answers: whoever awaits it has died. */
const never = <Value>(): Promise<Value> => new Promise(() => undefined);

/** Carries the calls of one process to the world and the answers back, with everything that can happen on the way. */
export class Wire {
  readonly #process: SimProcess;
  readonly #around: Surroundings;
  readonly #die: (why: string) => void;

  /** @param die ends the process */
  constructor(process: SimProcess, around: Surroundings, die: (why: string) => void) {
    this.#process = process;
    this.#around = around;
    this.#die = die;
  }

  /**
   * @param what names the call in the trace
   * @param act what it does to the world, at one moment
   */
  async call<Value>(
    what: string,
    { faults, outlives = false }: Hazards,
    act: () => Value | Promise<Value>,
  ): Promise<Value> {
    const { faults: luck, trace } = this.#around;
    const process = this.#process;
    if (!process.alive) return never();
    const strikes = (kind: FaultKind): boolean => {
      if (!faults.includes(kind) || !luck.strikes(kind)) return false;
      trace.add(process.name, `fault: ${kind}: ${what}`);
      return true;
    };
    if (strikes('crash at a call') || strikes('crash while sending'))
      return this.#crashAt(what, act, outlives);
    await this.#way(strikes('slow'));
    if (!process.alive && !(outlives && this.#around.random.chance(0.5))) return never();
    if (!process.alive) trace.add('world', `${what} of a dead ${process.name} arrives`);
    if (strikes('refused')) throw new SpillwayError('unavailable', `${what}: no answer`);
    if (strikes('arrives twice')) this.#later(what, act);
    const value = await act();
    if (strikes('answer lost')) {
      await this.#way(true);
      if (!process.alive) return never();
      throw new SpillwayError('unavailable', `${what}: the answer was lost`);
    }
    await this.#way(strikes('slow'));
    return process.alive ? value : never();
  }

  async #crashAt<Value>(what: string, act: () => Value | Promise<Value>, outlives: boolean): Promise<Value> {
    if (this.#around.random.chance(0.5)) {
      if (outlives) this.#later(what, act);
      this.#die(`before ${what}${outlives ? ' has arrived' : ''}`);
    } else {
      await act();
      this.#die(`after ${what}, before its answer`);
    }
    return never();
  }

  /** The request arrives after a while, whoever has sent it. */
  #later<Value>(what: string, act: () => Value | Promise<Value>): void {
    const { schedule, random, trace } = this.#around;
    schedule.after(random.between(1, 15_000), () => {
      trace.add('world', `late arrives: ${what}`);
      void (async () => act())().catch((error: unknown) => trace.add('world', `${what}: ${String(error)}`));
    });
  }

  /** Most ways are so short that nothing comes between; others take so long that much does. */
  async #way(isSlow: boolean): Promise<void> {
    const { schedule, random } = this.#around;
    if (isSlow) return schedule.sleep(random.between(200, 6000));
    if (random.chance(0.75)) return;
    return schedule.sleep(random.between(0, 12));
  }
}
