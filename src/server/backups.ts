import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Manifest } from '../backup/index.ts';
import { messageOf } from '../core/errors.ts';
import type { LaneId } from '../core/ids.ts';
import { isoTime } from '../core/iso-time.ts';
import type { JsonObject } from '../core/json.ts';
import { after, elapsed, formatDuration, milliseconds, minutes, type Duration } from '../core/time.ts';
import { messageTasks } from '../engine/tasks.ts';
import type { World } from '../engine/world.ts';
import type { NewTask, StoredEvent, SystemEvent } from '../ports/store.ts';

/** When this server backs itself up, and where to. */
export interface BackupSchedule {
  readonly dir: string;
  readonly every: Duration;
  /** So many are kept in the folder. */
  readonly keep: number;
}

/** What the schedule needs of the server. */
interface Parts {
  readonly world: Pick<World, 'store' | 'system' | 'log' | 'applications'>;
  /** Whose channels hear of a failure. */
  readonly lane: LaneId;
  readonly make: (file: string, signal: AbortSignal) => Promise<Omit<Manifest, 'parts'>>;
  readonly record: (
    type: SystemEvent['type'],
    details: JsonObject,
    tasks: readonly NewTask[],
  ) => Promise<void>;
}

/** One replica does it. */
const NAME = 'backup';
/** So often the clock is looked at; another replica may have gone. */
const LOOK_EVERY = minutes(1);
const RETRY_AFTER = minutes(10);

const FILE = /^spillway-\d{8}T\d{6}Z\.backup$/;
const UNFINISHED = /^\.spillway-\d{8}T\d{6}Z\.backup\.\d+\.part$/;

/** Backs the server up again and again. What is due is found in the record, so that a restart changes nothing about it. */
export class Backups {
  readonly #parts: Parts;
  readonly #schedule: BackupSchedule;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(schedule: BackupSchedule, parts: Parts) {
    this.#schedule = schedule;
    this.#parts = parts;
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  /** A backup under way is given up; the next start begins it anew. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #work(): Promise<void> {
    const { system, log } = this.#parts.world;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const wait = await this.#turn().catch((error: unknown) => {
        log.error({ err: error }, 'the schedule of backups cannot be followed');
        return LOOK_EVERY;
      });
      await system.sleep(milliseconds(Math.min(wait, LOOK_EVERY)), signal);
    }
  }

  /** @returns how long there is nothing to do */
  async #turn(): Promise<Duration> {
    const { store, system } = this.#parts.world;
    const [hold] = await store.hold([NAME]);
    if (hold === undefined) return LOOK_EVERY;
    const last = await lastAttempt(store);
    const now = system.now();
    const wait = last === undefined ? 0 : elapsed(now, after(last.event.at, this.#pause(last)));
    if (wait > 0) return milliseconds(wait);
    await this.#attempt(last);
    return milliseconds(0);
  }

  #pause({ event }: StoredEvent): Duration {
    const { every } = this.#schedule;
    return event.type === 'backup.failed' ? milliseconds(Math.min(every, RETRY_AFTER)) : every;
  }

  async #attempt(last: StoredEvent | undefined): Promise<void> {
    const { world, make, record } = this.#parts;
    const { dir, keep } = this.#schedule;
    const began = world.system.now();
    const file = join(dir, `spillway-${isoTime(began).replaceAll(/[-:]|\.\d+/g, '')}.backup`);
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const { store } = await make(file, this.#stopping.signal);
      const removed = await removeOld(dir, keep);
      const { events, size, root } = store;
      const took = elapsed(began, world.system.now());
      await record('backup.completed', { target: 'server', file, events, size, root, took, removed }, []);
      world.log.info({ file, took: formatDuration(took) }, 'backed up');
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      world.log.error({ err: error, file }, 'the backup failed');
      const reason = messageOf(error);
      const details = { target: 'server', status: 'failure', file, reason };
      // Once for a row of failures.
      await record(
        'backup.failed',
        details,
        last?.event.type === 'backup.failed' ? [] : this.#alarm(file, reason),
      );
    }
  }

  #alarm(file: string, reason: string): readonly NewTask[] {
    const { world, lane } = this.#parts;
    return messageTasks(
      lane,
      `notify/backup/${basename(file)}`,
      {
        type: 'backup.failed',
        severity: 'critical',
        title: `the backup of Spillway failed: ${reason}`,
        at: world.system.now(),
        fields: { file, reason },
      },
      (message) => world.applications.channels(lane.application, message),
    );
  }
}

async function lastAttempt(store: World['store']): Promise<StoredEvent | undefined> {
  const types = ['backup.completed', 'backup.failed'];
  return (await store.events({ types, newestFirst: true, limit: 1 }))[0];
}

/** Only after a newer one was proved. @returns the names of those that are gone */
async function removeOld(dir: string, keep: number): Promise<readonly string[]> {
  const names = await readdir(dir);
  const old = names
    .filter((name) => FILE.test(name))
    .toSorted()
    .slice(0, -keep);
  for (const name of [...old, ...names.filter((one) => UNFINISHED.test(one))]) await rm(join(dir, name));
  return old;
}
