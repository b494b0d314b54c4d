/**
 * A server whose store can be told to end the process at a chosen write: server.ts DIR DATA_DIR ACTS_FILE, started by
 * server-process.ts. It ends with its parent.
 */
import { appendFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { Tripwire, type CrashPoint, type NamedPoint } from './tripwire.ts';

export interface ToServer {
  /** Where to die, counted from now on; null: at none. */
  readonly point: CrashPoint | NamedPoint | null;
}

export interface FromServer {
  /** Epoch milliseconds. */
  readonly readyAt: number;
}

enableCompileCache();
const { startServer } = await import('../../../src/server/index.ts');
const { DEFAULT_KEEP } = await import('../../../src/engine/retention.ts');

const [dir = '', dataDir = '', acts = ''] = process.argv.slice(2);
const tripwire = new Tripwire(
  (act) => appendFileSync(acts, `${JSON.stringify(act)}\n`),
  () => process.kill(process.pid, 'SIGKILL'),
);
const tell = () => process.send?.({ readyAt: Date.now() } satisfies FromServer);
process.on('message', ({ point }: ToServer) => {
  tripwire.arm(point);
  tell();
});
process.on('disconnect', () => process.exit());
await startServer(
  {
    dir,
    dataDir,
    database: process.env['SPILLWAY_DATABASE'] ?? null,
    listen: null,
    logLevel: 'warn',
    keep: DEFAULT_KEEP,
    backups: null,
  },
  (world) => ({
    ...world,
    store: tripwire.around(world.store),
  }),
);
tell();
