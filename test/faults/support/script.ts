import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPostgres, startPostgres, type RunningPostgres } from '../../support/postgres.ts';
import { Fleet } from './fleet.ts';

type Say = (what: string) => void;

interface Size {
  /** Deployments take turns among so many. */
  readonly applications: number;
}

export const sayAs =
  (name: string): Say =>
  (what) =>
    console.log(`${name}: ${what}`);

/** Says why a fault is left out, and ends. */
export function skip(name: string, why: string): never {
  console.log(`${name}: skipped: ${why}`);
  process.exit();
}

/** Runs a fault in a folder of its own, which goes with it when all was well. */
export async function inFolder(prefix: string, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `faults-${prefix}-`));
  // PostgreSQL goes through it as a user of its own.
  chmodSync(folder, 0o755);
  await run(folder);
  if (process.exitCode === undefined || process.exitCode === 0)
    rmSync(folder, { recursive: true, force: true });
  else console.log(`${prefix}: ${folder} is kept`);
}

/** A database for a fleet, and how to end it. */
interface Database {
  readonly url: string;
  stop(): Promise<void>;
}

/** Runs a fault on replicas on a PostgreSQL of its own. */
export const withFleet = (
  name: string,
  size: Size,
  run: (fleet: Fleet, say: Say, postgres: RunningPostgres) => Promise<void>,
): Promise<void> =>
  withFleetOn(
    name,
    async () => {
      const postgres = await startPostgres();
      return { postgres, url: await postgres.createDatabase(), stop: () => postgres.stop() };
    },
    size,
    (fleet, say, { postgres }) => run(fleet, say, postgres),
  );

/** Runs a fault on replicas on what is started for it. @param start given an empty folder */
export async function withFleetOn<Started extends Database>(
  name: string,
  start: (folder: string) => Promise<Started>,
  { applications }: Size,
  run: (fleet: Fleet, say: Say, database: Started) => Promise<void>,
): Promise<void> {
  if (noPostgres !== undefined) skip(name, noPostgres);
  await inFolder(name, async (folder) => {
    const data = join(folder, 'database');
    mkdirSync(data);
    const database = await start(data);
    const log = join(folder, 'replicas.log');
    const fleet = new Fleet(database.url, log, applications);
    try {
      await run(fleet, sayAs(name), database);
    } catch (error) {
      console.error(readFileSync(log, 'utf8').slice(-4000));
      throw error;
    } finally {
      await fleet.close();
      await database.stop();
    }
  });
}
