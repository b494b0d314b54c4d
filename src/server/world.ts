import { statfs } from 'node:fs/promises';
import type { AdapterSchemas } from '../config/adapters.ts';
import type { Config } from '../config/config.ts';
import type { Logger, World } from '../engine/world.ts';
import { hostSystem } from '../exec/system.ts';
import type { Source } from '../ports/source.ts';
import type { Store } from '../ports/store.ts';
import { entryOf, gates, metrics, reviewers, targets, traffic, triggers, type Host } from '../registry.ts';
import { servedApplication } from './applications.ts';
import { versionKey } from './keys.ts';
import type { SecretStore } from './secrets.ts';

interface Parts {
  readonly config: Config;
  readonly source: Source;
  readonly store: Store;
  readonly schemas: AdapterSchemas;
  readonly secrets: SecretStore;
  readonly dataDir: string;
  readonly log: Logger;
}

/** Everything that the engine sees of this host, as the real thing. */
export async function openWorld(parts: Parts): Promise<World> {
  const { config, source, store, schemas, secrets, dataDir, log } = parts;
  const system = hostSystem;
  const host: Host = { dataDir, system, secrets: secrets.value, secretValues: secrets.values };
  return {
    store,
    system,
    log,
    schemas,
    applications: servedApplication(config, source, secrets.value, system),
    secrets: { value: secrets.value, versionKey: await versionKey(dataDir) },
    target: once((kind) => entryOf(targets, 'target', kind).open(host)),
    traffic: once((kind) => entryOf(traffic, 'traffic provider', kind).open(host)),
    metrics: once((kind) => entryOf(metrics, 'metric source', kind).open(host)),
    gate: once((kind) => entryOf(gates, 'gate', kind).open(host)),
    trigger: once((kind) => entryOf(triggers, 'trigger', kind)(host)),
    reviewer: once((kind) => entryOf(reviewers, 'reviewer', kind)(host)),
    freeDisk: async () => {
      const { bavail, bsize } = await statfs(dataDir);
      return bavail * bsize;
    },
  };
}

/** Each adapter is opened once, when it is first asked for; one that could not be is tried again. */
function once<Port>(open: (kind: string) => Promise<Port>): (kind: string) => Promise<Port> {
  const opened = new Map<string, Promise<Port>>();
  return (kind) => {
    const known = opened.get(kind) ?? open(kind);
    opened.set(kind, known);
    known.catch(() => opened.delete(kind));
    return known;
  };
}
