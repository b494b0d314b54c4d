import { messageOf } from '../core/errors.ts';
import { elapsed, formatDuration, seconds, type Duration } from '../core/time.ts';
import type { StoredEvent } from '../ports/store.ts';
import type { HealthReport } from './control-plane.ts';
import type { Observer } from './observer/index.ts';
import type { Retention } from './retention.ts';
import type { Runner } from './runner.ts';
import type { World } from './world.ts';

type Subsystem = HealthReport['subsystems'][string];

const MEGABYTE = 1024 * 1024;
const DISK = { degraded: 1024 * MEGABYTE, unhealthy: 128 * MEGABYTE };
const MEMORY = { degraded: 512 * MEGABYTE, unhealthy: 1536 * MEGABYTE };
const STORE_LIMIT = seconds(5);

const healthy = (reason: string): Subsystem => ({ status: 'healthy', reason });
const degraded = (reason: string): Subsystem => ({ status: 'degraded', reason });
const unhealthy = (reason: string): Subsystem => ({ status: 'unhealthy', reason });

/** How the server itself is: the worst of its subsystems. */
export async function healthReport(
  world: World,
  runner: Runner,
  observer: Observer,
  retention: Retention,
): Promise<HealthReport> {
  const troubles = observer.troubles();
  const { backupEvery } = world;
  const subsystems: Record<string, Subsystem> = {
    store: await tried(() => storeHealth(world)),
    runner: runnerHealth(runner),
    lanes:
      troubles.length === 0
        ? healthy('targets and traffic answer')
        : degraded(troubles.map(({ lane, reason }) => `${lane}: ${reason}`).join('; ')),
    notifications: await tried(() => notificationHealth(world)),
    ...(backupEvery !== undefined && { backup: await tried(() => backupHealth(world, backupEvery)) }),
    retention: retentionHealth(retention),
    disk: await tried(async () => bounded(await world.freeDisk(), 'free', DISK, (is, limit) => is < limit)),
    memory: bounded(process.memoryUsage().rss, 'in use', MEMORY, (is, limit) => is > limit),
  };
  const all = Object.values(subsystems).map(({ status }) => status);
  const status = all.includes('unhealthy') ? 'unhealthy' : all.includes('degraded') ? 'degraded' : 'healthy';
  return { status, subsystems };
}

async function tried(check: () => Promise<Subsystem>): Promise<Subsystem> {
  try {
    return await check();
  } catch (error) {
    return unhealthy(messageOf(error));
  }
}

async function storeHealth({ store, system }: World): Promise<Subsystem> {
  const answered = new AbortController();
  const reading = store.nextDue().then(() => healthy('answers'));
  const late = system.sleep(STORE_LIMIT, answered.signal).then(() => unhealthy('does not answer'));
  return Promise.race([reading, late]).finally(() => answered.abort());
}

function runnerHealth(runner: Runner): Subsystem {
  const { running, trouble, failing } = runner.status();
  if (trouble !== undefined) return unhealthy(trouble);
  const [first] = failing;
  if (first === undefined) return healthy(`${running} tasks under way`);
  return degraded(`${failing.length} tried again and again; ${first}`);
}

function retentionHealth(retention: Retention): Subsystem {
  const { removed, trouble } = retention.status();
  return trouble === undefined ? healthy(removed) : degraded(`what is old could not be removed: ${trouble}`);
}

async function notificationHealth({ store }: World): Promise<Subsystem> {
  const failed = await store.deliveries({ limit: 100, undeliveredOnly: true });
  const [newest] = failed;
  if (newest === undefined) return healthy('all delivered');
  const count = failed.length === 100 ? 'at least 100' : String(failed.length);
  return degraded(`${count} not delivered; the newest to ${newest.channel}: ${newest.answer}`);
}

/** From the record: another replica may be the one that makes them. */
async function backupHealth({ store, system }: World, every: Duration): Promise<Subsystem> {
  const newest = async (...types: readonly string[]): Promise<StoredEvent | undefined> =>
    (await store.events({ types, newestFirst: true, limit: 1 }))[0];
  const good = await newest('backup.completed');
  const failed = await newest('backup.failed');
  const age = good && elapsed(good.event.at, system.now());
  const said = age === undefined ? 'none yet' : `the last good one was ${formatDuration(age)} ago`;
  const details = failed && 'details' in failed.event ? failed.event.details : {};
  if (failed && failed.sequence > (good?.sequence ?? 0))
    return degraded(`${said}; then it failed: ${JSON.stringify(details['reason'])}`);
  return age === undefined || age > 2 * every ? degraded(said) : healthy(said);
}

function bounded(
  bytes: number,
  what: string,
  limits: { readonly degraded: number; readonly unhealthy: number },
  beyond: (is: number, limit: number) => boolean,
): Subsystem {
  const said = `${Math.round(bytes / MEGABYTE)} MB ${what}`;
  if (beyond(bytes, limits.unhealthy)) return unhealthy(said);
  return beyond(bytes, limits.degraded) ? degraded(said) : healthy(said);
}
