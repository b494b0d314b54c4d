import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { deploymentId } from '../../src/core/ids.ts';
import { after, minutes, seconds, type Instant } from '../../src/core/time.ts';
import { Runner } from '../../src/engine/runner.ts';
import type { TaskHandler } from '../../src/engine/task-handler.ts';
import type { NewTask } from '../../src/ports/store.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';
import { VirtualSystem } from '../support/virtual-system.ts';

/** A runner on a store of its own, whose tasks do what the test says. */
class Yard {
  readonly system = new VirtualSystem();
  readonly store = memoryStore(seededChance(3));
  /** Keys in the order in which they were begun, and how each ended. */
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  work: (key: string, signal: AbortSignal) => Promise<void> = async () => undefined;
  readonly runner: Runner;

  constructor() {
    const { store, system } = this;
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    this.runner = new Runner({ store, system, log, handler: () => this.#handler() });
  }

  async queue(keys: readonly string[], more: Partial<NewTask> = {}): Promise<void> {
    const tasks = keys.map((key): NewTask => ({
      key,
      kind: 'shift',
      lane: null,
      deployment: deploymentId('d1'),
      payload: more.runAt ?? this.system.now(),
      runAt: this.system.now(),
      queue: 'shop',
      priority: 1,
      ...more,
    }));
    await this.store.record([], tasks, null);
    this.runner.wake();
  }

  #handler(): TaskHandler {
    const end = (key: string, how: string) => async (completes: { key: string; fence: number }) => {
      if (await this.store.finish(completes.key, completes.fence)) this.ended.push(`${key} ${how}`);
    };
    return {
      deadline: ({ payload }) => after(payload as Instant, minutes(1)),
      run: async ({ key }, signal) => {
        this.begun.push(key);
        await this.work(key, signal);
        return end(key, 'done');
      },
      giveUp: ({ key }, reason) => end(key, reason),
    };
  }
}

const forEver = () => new Promise<void>(() => undefined);
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`);

describe('the runner', () => {
  it('tells of what fails again and again, until it succeeds', async () => {
    const yard = new Yard();
    let away = true;
    yard.work = async () => {
      if (away) throw new SpillwayError('unavailable', 'the repository does not answer');
    };
    yard.runner.start();
    await yard.queue(['asked']);
    await yard.queue(['message'], { kind: 'notify' });
    await yard.system.settle();
    assert.deepEqual(yard.runner.status().failing, [], 'after one failure');
    await yard.system.advance(seconds(20));
    assert.deepEqual(yard.runner.status().failing, ['asked: the repository does not answer']);

    away = false;
    await yard.system.advance(seconds(20));
    assert.ok(yard.ended.includes('asked done'));
    assert.deepEqual(yard.runner.status().failing, []);
    await yard.runner.stop(seconds(0));
  });

  it('has room for a rollback, and for other applications, however many builds hang', async () => {
    const yard = new Yard();
    yard.work = (key) => (key.startsWith('build') ? forEver() : Promise.resolve());
    yard.runner.start();
    await yard.queue(numbered('build-noisy', 40), { kind: 'build', queue: 'noisy' });
    await yard.system.settle();
    await yard.queue(['build-quiet'], { kind: 'build', queue: 'quiet' });
    await yard.queue(['rollback'], { queue: 'noisy', priority: 0 });
    await yard.system.settle();

    assert.deepEqual(yard.ended, ['rollback done']);
    assert.equal(yard.begun.filter((key) => key.startsWith('build-noisy')).length, 4);
    assert.ok(yard.begun.includes('build-quiet'));
  });

  it('looks at few of many events at a time, and at the next as soon as one is done with', async () => {
    const yard = new Yard();
    const doors: Array<() => void> = [];
    yard.work = () => new Promise((open) => doors.push(open));
    yard.runner.start();
    await yard.queue(numbered('event', 40), { kind: 'inbox', queue: 'inbox/git' });
    await yard.system.settle();
    assert.deepEqual(yard.begun, numbered('event', 4));

    doors[1]?.();
    await yard.system.settle();
    assert.deepEqual(yard.ended, ['event-1 done']);
    assert.deepEqual(yard.begun, numbered('event', 5));
    const others = await yard.store.claim(yard.system.now(), 100);
    assert.deepEqual(new Set(others.map(({ attempt }) => attempt)), new Set([1]), 'the rest was not touched');
  });

  it('looks at no more while what came of others cannot be written down', async () => {
    const yard = new Yard();
    const finish = yard.store.finish.bind(yard.store);
    yard.store.finish = () => Promise.reject(new SpillwayError('unavailable', 'the disk is full'));
    yard.runner.start();
    await yard.queue(numbered('event', 40), { kind: 'inbox', queue: 'inbox/git' });
    await yard.system.advance(seconds(10));
    assert.ok(yard.begun.length <= 8, `${yard.begun.length} were begun`);

    yard.store.finish = finish;
    await yard.system.advance(minutes(1));
    assert.equal(yard.ended.length, 40);
    assert.equal(new Set(yard.begun).size, yard.begun.length, 'none was done twice');
  });

  it('does every task once, whatever it has to wait for', async () => {
    const yard = new Yard();
    yard.work = () => yard.system.sleep(seconds(1));
    yard.runner.start();
    await yard.queue(numbered('build', 30), { kind: 'build' });
    await yard.system.advance(minutes(3));

    assert.deepEqual(
      yard.ended.toSorted(),
      numbered('build', 30)
        .map((key) => `${key} done`)
        .toSorted(),
    );
    assert.equal(yard.begun.length, 30);
  });

  it('tries what throws again until its time is over, and then says why', async () => {
    const yard = new Yard();
    yard.work = () => Promise.reject(new SpillwayError('unavailable', 'no answer'));
    yard.runner.start();
    await yard.queue(['flaky']);
    await yard.system.advance(minutes(2));

    assert.deepEqual(yard.ended, ['flaky no answer']);
    assert.ok(yard.begun.length >= 6 && yard.begun.length <= 15, `${yard.begun.length} attempts in a minute`);
  });

  it('does not try again what cannot get better', async () => {
    const yard = new Yard();
    yard.work = () => Promise.reject(new SpillwayError('command_failed', 'syntax error'));
    yard.runner.start();
    await yard.queue(['broken']);
    await yard.system.settle();

    assert.deepEqual(yard.ended, ['broken syntax error']);
    assert.equal(yard.begun.length, 1);
  });

  it('stops what is called off, and records nothing of it', async () => {
    const yard = new Yard();
    const stopped: string[] = [];
    yard.work = (key, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped.push(key);
          reject(new Error('stopped'));
        });
      });
    yard.runner.start();
    await yard.queue(['old', 'new']);
    await yard.system.settle();
    yard.runner.cancel([deploymentId('d1')], new Set(['new']));
    await yard.system.settle();

    assert.deepEqual(stopped, ['old']);
    assert.deepEqual(yard.ended, []);
    assert.equal(await yard.store.nextDue(), undefined, 'not put back either');
  });

  it('waits until a task is due', async () => {
    const yard = new Yard();
    yard.runner.start();
    await yard.queue(['later'], { runAt: after(yard.system.now(), minutes(40)) });
    await yard.system.advance(minutes(39));
    assert.deepEqual(yard.begun, []);
    await yard.system.advance(minutes(1));
    assert.deepEqual(yard.begun, ['later']);
  });

  it('goes on when the store was in trouble, and says so meanwhile', async () => {
    const yard = new Yard();
    const claim = yard.store.claim.bind(yard.store);
    yard.store.claim = () => Promise.reject(new Error('disk full'));
    yard.runner.start();
    await yard.queue(['task']);
    await yard.system.advance(seconds(5));
    assert.equal(yard.runner.status().trouble, 'disk full');
    yard.store.claim = claim;
    await yard.system.advance(seconds(5));

    assert.deepEqual(yard.ended, ['task done']);
    assert.equal(yard.runner.status().trouble, undefined);
  });

  it('ends within its grace, and what it leaves is still there', async () => {
    const yard = new Yard();
    yard.work = forEver;
    yard.runner.start();
    await yard.queue(['endless']);
    await yard.system.settle();
    let stopped = false;
    void yard.runner.stop(seconds(5)).then(() => (stopped = true));
    await yard.system.advance(seconds(4));
    assert.equal(stopped, false);
    await yard.system.advance(seconds(2));
    assert.equal(stopped, true);
    assert.deepEqual(yard.ended, []);
    assert.equal(await yard.store.finish('endless', 1), true, 'it is still open under its fence');
  });
});
