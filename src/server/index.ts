import { mkdir, statfs } from 'node:fs/promises';
import { pino } from 'pino';
import type { RunningServer, UpOptions } from '../cli/context.ts';
import type { Config } from '../config/config.ts';
import { SpillwayError } from '../core/errors.ts';
import { Engine } from '../engine/engine.ts';
import type { World } from '../engine/world.ts';
import { hostSystem } from '../exec/system.ts';
import { createServer, type HookSource } from '../http/index.ts';
import { entryOf, gates, targets, traffic, triggers, type Host } from '../registry.ts';
import { servedApplication } from './applications.ts';
import { gitHook, invocation } from './invocation.ts';
import { auditKeyFile, versionKey } from './keys.ts';
import { takeInPending } from './pending.ts';
import { adapterSchemas, readProject } from './project.ts';
import { openSource } from './repository.ts';
import { createSecretStore } from './secrets.ts';
import { ownVersion } from './version.ts';

export { adapterSchemas } from './project.ts';

/** Lets a test see or change what the server is made of, before it starts. */
export type Refit = (world: World) => World;

/**
 * Puts a server together and starts it.
 * @throws SpillwayError when the configuration is not sound, or another server owns the data folder
 */
export async function startServer(
  options: UpOptions,
  refit: Refit = (world) => world,
): Promise<RunningServer> {
  const { dir, dataDir, listen, logLevel } = options;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const secrets = createSecretStore(dataDir, process.env);
  const schemas = await adapterSchemas();
  const config = await readProject(dir, schemas, secrets.value);
  const { openSqliteStore } = await import('../store/sqlite/index.ts');
  const store = await openSqliteStore({ dir: dataDir, chance: hostSystem });
  try {
    const host: Host = { dataDir, system: hostSystem, secrets: secrets.value, secretValues: secrets.values };
    const hook = async () => {
      const git = await gitHook();
      return git.script([
        ...invocation,
        '--data',
        dataDir,
        'hook',
        'post-receive',
        '--app',
        config.application,
      ]);
    };
    const source = await openSource(config, { dir, dataDir, system: hostSystem, hook });
    const log = pino({ level: logLevel });
    const world = refit({
      ...adaptersOf(host),
      store,
      system: hostSystem,
      log,
      schemas,
      applications: servedApplication(config, source, secrets.value, hostSystem),
      secrets: { value: secrets.value, versionKey: await versionKey(dataDir) },
      freeDisk: async () => {
        const { bavail, bsize } = await statfs(dataDir);
        return bavail * bsize;
      },
    });
    const engine = await Engine.create(world, auditKeyFile(dataDir));
    await engine.start();
    const server = await createServer(engine, {
      socket: `${dataDir}/spillway.sock`,
      tcp: listen,
      hooks: await openHooks(world),
      version: ownVersion(),
      now: () => hostSystem.now(),
      onError: (error, where) => log.error({ err: error, where }, 'a request failed'),
    });
    await takeInPending(engine, dataDir, log);
    const close = async () => {
      await server.close();
      await engine.stop();
      await store.close();
    };
    return { address: server.address, socket: server.socket, serves: servedBy(config), close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Each adapter is opened once, when it is first asked for. */
function adaptersOf(host: Host): Pick<World, 'target' | 'traffic' | 'gate' | 'trigger'> {
  return {
    target: once((kind) => entryOf(targets, 'target', kind).open(host)),
    traffic: once((kind) => entryOf(traffic, 'traffic provider', kind).open(host)),
    gate: once((kind) => entryOf(gates, 'gate', kind).open(host)),
    trigger: once((kind) => entryOf(triggers, 'trigger', kind)(host)),
  };
}

function once<Port>(open: (kind: string) => Promise<Port>): (kind: string) => Promise<Port> {
  const opened = new Map<string, Promise<Port>>();
  return (kind) => {
    const known = opened.get(kind) ?? open(kind);
    opened.set(kind, known);
    known.catch(() => opened.delete(kind));
    return known;
  };
}

/** Triggers that come in under `/hooks/`; those that are not set up here are left out. */
async function openHooks(world: World): Promise<Record<string, HookSource>> {
  const open: Record<string, HookSource> = {};
  for (const [name, socketOnly] of [
    ['git', true],
    ['github', false],
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
