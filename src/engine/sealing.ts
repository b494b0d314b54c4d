import { seconds } from '../core/time.ts';
import type { AuditSeal } from './audit.ts';
import type { World } from './world.ts';

const EVERY = seconds(10);

/** One replica seals. */
const NAME = 'audit';

/** Seals the audit log again and again while there is something new. */
export class Sealing {
  readonly #world: Pick<World, 'store' | 'system' | 'log'>;
  readonly #seal: AuditSeal;
  readonly #stopping = new AbortController();
  #news = true;
  #loop: Promise<void> | undefined;

  constructor(world: Pick<World, 'store' | 'system' | 'log'>, seal: AuditSeal) {
    this.#world = world;
    this.#seal = seal;
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  /** Something was recorded. */
  recorded(): void {
    this.#news = true;
  }

  /** Seals a last time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#sealNews();
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#sealNews();
      await this.#world.system.sleep(EVERY, this.#stopping.signal);
    }
  }

  async #sealNews(): Promise<void> {
    if (!this.#news) return;
    this.#news = false;
    try {
      const [hold] = await this.#world.store.hold([NAME]);
      if (hold !== undefined) await this.#seal.seal();
    } catch (error) {
      this.#news = true;
      this.#world.log.error({ err: error }, 'the audit log could not be sealed');
    }
  }
}
