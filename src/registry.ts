import { join } from 'node:path';
import type { z } from 'zod';
import { SpillwayError } from './core/errors.ts';
import type { Secrets } from './exec/environment.ts';
import type { GateRunner } from './ports/gate.ts';
import type { System } from './ports/system.ts';
import type { Target } from './ports/target.ts';
import type { Traffic } from './ports/traffic.ts';
import type { Trigger } from './ports/trigger.ts';

/** What an adapter may need of the server that it runs in. */
export interface Host {
  readonly dataDir: string;
  readonly system: System;
  readonly secrets: Secrets;
  /** Every value that must not be seen in output. */
  readonly secretValues: () => readonly string[];
}

/** How an adapter is opened, and what its settings may say. Nothing of it is loaded before. */
interface Entry<Port> {
  readonly open: (host: Host) => Promise<Port>;
  readonly schema: () => Promise<z.ZodType>;
}

type Kinds<Port> = Readonly<Record<string, Entry<Port>>>;

export const targets: Kinds<Target> = {
  process: {
    open: async ({ dataDir, system, secrets, secretValues }) => {
      const { createProcessTarget } = await import('./targets/process/index.ts');
      return createProcessTarget({ dir: join(dataDir, 'apps'), system, secrets, secretValues });
    },
    schema: async () => (await import('./targets/process/schema.ts')).processSettings,
  },
};

export const traffic: Kinds<Traffic> = {
  edge: {
    open: async ({ dataDir }) => {
      const { createEdgeTraffic } = await import('./traffic/edge/index.ts');
      return createEdgeTraffic({ dir: join(dataDir, 'edge') });
    },
    schema: async () => (await import('./traffic/edge/schema.ts')).edgeTrafficSchema,
  },
};

export const gates: Kinds<GateRunner> = {
  command: {
    open: async ({ dataDir, system, secrets, secretValues }) => {
      const { createCommandGate } = await import('./gates/command/index.ts');
      return createCommandGate({ dir: join(dataDir, 'gates'), system, secrets, secretValues });
    },
    schema: async () => (await import('./gates/command/schema.ts')).commandGateSettings,
  },
};

/** The variable that holds GitHub's webhook secrets, separated by spaces while one replaces another. */
const GITHUB_SECRETS = 'GITHUB_WEBHOOK_SECRET';

export const triggers: Readonly<Record<string, (host: Host) => Promise<Trigger>>> = {
  git: async () => (await import('./triggers/git/index.ts')).gitTrigger(),
  manual: async ({ system }) => (await import('./triggers/manual/index.ts')).manualTrigger(() => system.id()),
  github: async ({ secrets }) => {
    const { githubTrigger } = await import('./triggers/github/index.ts');
    const { githubSettings } = await import('./triggers/github/schema.ts');
    const given = (secrets(GITHUB_SECRETS) ?? '').split(' ').filter((secret) => secret !== '');
    const parsed = githubSettings.safeParse({ secrets: given });
    if (parsed.success) return githubTrigger(parsed.data);
    throw new SpillwayError('not_found', 'GitHub webhooks are not set up here', {
      where: GITHUB_SECRETS,
      hint: `Set the secret ${GITHUB_SECRETS} (at least 16 characters) to the one of the webhook.`,
    });
  },
};

/**
 * The entry of a kind. An unknown one is an error, never a default.
 * @throws SpillwayError `unknown_kind`
 */
export function entryOf<Value>(table: Readonly<Record<string, Value>>, what: string, kind: string): Value {
  const entry = Object.hasOwn(table, kind) ? table[kind] : undefined;
  if (entry !== undefined) return entry;
  throw new SpillwayError('unknown_kind', `there is no ${what} of the kind ${kind}`, {
    where: kind,
    hint: `known: ${Object.keys(table).join(', ')}`,
  });
}
