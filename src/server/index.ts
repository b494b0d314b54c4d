import { pino } from 'pino';
import type { RunningServer, UpOptions } from '../cli/context.ts';
import { replicaSocketIn, socketIn } from '../cli/discover.ts';
import type { Config } from '../config/config.ts';
import { createBackupAside } from '../backup/index.ts';
import { SpillwayError } from '../core/errors.ts';
import { environmentName } from '../core/ids.ts';
import { Engine } from '../engine/engine.ts';
import type { World } from '../engine/world.ts';
import { hostSystem } from '../exec/system.ts';
import { createServer, type HookSource, type HttpServer } from '../http/index.ts';
import { Backups } from './backups.ts';
import { makeDataFolder } from './data-folder.ts';
import { auditKeyFile } from './keys.ts';
import { takeInPending } from './pending.ts';
import { adapterSchemas, readProject } from './project.ts';
import { openRepository } from './repository.ts';
import { createSecretStore } from './secrets.ts';
import { recordRestore } from './restored.ts';
import { checkFolder } from './shared-folder.ts';
import { openStore } from './store.ts';
import { ownVersion } from './version.ts';
import { openWorld } from './world.ts';

/** Lets a test see or change what the server is made of, before it starts. */
export type Refit = (world: World) => World;

/**
 * Puts a server together and starts it. It listens before it acts: one that cannot be reached takes nothing up.
 * @throws SpillwayError when the configuration is not sound, another server owns the data folder, or the port is taken
 */
export async function startServer(
  options: UpOptions,
  refit: Refit = (world) => world,
): Promise<RunningServer> {
  const { dir, dataDir, database, logLevel, keep, backups } = options;
  await makeDataFolder(dataDir);
  const secrets = createSecretStore(dataDir, process.env);
  const schemas = await adapterSchemas();
  const config = await readProject(dir, schemas, secrets.value);
  const log = pino({ level: logLevel });
  const closers: Array<() => Promise<void>> = [];
  const close = async () => {
    for (const end of closers.toReversed()) await end();
  };
  try {
    const store = await openStore(dataDir, database);
    closers.push(() => store.close());
    if (database !== null) await checkFolder(store, dataDir);
    await recordRestore(store, hostSystem);
    const repository = await openRepository(config, { dir, dataDir, system: hostSystem });
    const { source, pushWith } = repository;
    const opened = { ...(await openWorld({ config, source, store, schemas, secrets, dataDir, log })), keep };
    const world = refit(backups === null ? opened : { ...opened, backupEvery: backups.every });
    const engine = await Engine.create(world, auditKeyFile(dataDir));
    const server = await listenFor(engine, world, options);
    closers.push(() => server.close());
    await engine.start();
    // It stops first: what comes in meanwhile is kept for the next start.
    closers.push(() => engine.stop());
    await takeInPending(engine, dataDir, log);
    if (backups !== null) closers.push(startBackups(backups, { engine, world, config, options }));
    const { address, socket } = server;
    return { address, socket, serves: servedBy(config), pushWith, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface ToBackUp {
  readonly engine: Engine;
  readonly world: World;
  readonly config: Config;
  readonly options: UpOptions;
}

/** @returns how to end it */
function startBackups(
  { key, ...schedule }: NonNullable<UpOptions['backups']>,
  { engine, world, config, options: { dataDir, database } }: ToBackUp,
): () => Promise<void> {
  const [environment] = Object.values(config.environments);
  const backups = new Backups(schedule, {
    world,
    lane: {
      application: config.application,
      environment: environment?.name ?? environmentName('production'),
    },
    make: (file, signal) =>
      createBackupAside(
        { dataDir, database, file, key, now: hostSystem.now(), version: ownVersion() },
        signal,
      ),
    record: (...event) => engine.record(...event),
  });
  backups.start();
  return () => backups.stop();
}

type Doors = Pick<UpOptions, 'dataDir' | 'database' | 'listen'>;

async function listenFor(
  engine: Engine,
  world: World,
  { dataDir, database, listen }: Doors,
): Promise<HttpServer> {
  return createServer(engine, {
    socket: database === null ? socketIn(dataDir) : replicaSocketIn(dataDir, process.pid),
    tcp: listen,
    hooks: await openHooks(world),
    telemetry: {
      sink: async () => {
        const { sink } = await world.metrics('otlp');
        if (sink !== undefined) return sink;
        throw new SpillwayError('conflict', 'the source otlp takes nothing in');
      },
      token: () => world.secrets.value('SPILLWAY_OTLP_TOKEN'),
    },
    version: ownVersion(),
    now: () => hostSystem.now(),
    onError: (error, where) => world.log.error({ err: error, where }, 'a request failed'),
  });
}

/** Triggers that come in under `/hooks/`; those that are not set up here are left out. */
async function openHooks(world: World): Promise<Record<string, HookSource>> {
  const open: Record<string, HookSource> = {};
  for (const [name, socketOnly] of [
    ['git', true],
    ['github', false],
    ['github-protection', false],
  ] as const) {
    try {
      const { maxBodyBytes } = await world.trigger(name);
      open[name] = { maxBodyBytes, socketOnly };
    } catch (error) {
      if (!(error instanceof SpillwayError) || error.code !== 'not_found') throw error;
    }
  }
  return open;
}

function servedBy({ application, environments }: Config): readonly string[] {
  return Object.values(environments).map(({ name, plan }) => {
    const { listen } = plan.runtime.traffic.settings as { readonly listen?: { host: string; port: number } };
    const address = listen === undefined ? '' : ` on http://${listen.host}:${listen.port}`;
    return `${application}/${name}${address}`;
  });
}
