import { join } from 'node:path';
import type { z } from 'zod';
import { SpillwayError } from './core/errors.ts';
import type { Secrets } from './exec/environment.ts';
import type { GateRunner } from './ports/gate.ts';
import type { MetricSource } from './ports/metrics.ts';
import type { Reviewer } from './ports/reviewer.ts';
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

/** Who counts; `traffic` stands for whoever carries the traffic, and needs no source. */
export const metrics: Kinds<MetricSource> = {
  traffic: {
    open: async () => {
      throw new SpillwayError('conflict', 'counts of the traffic come from its provider');
    },
    schema: async () => (await import('./metrics/traffic/schema.ts')).trafficMetricsSettings,
  },
  prometheus: {
    open: async ({ system, secrets }) => {
      const { prometheusSource } = await import('./metrics/prometheus/index.ts');
      return prometheusSource({ clock: system, secrets });
    },
    schema: async () => (await import('./metrics/prometheus/schema.ts')).prometheusSettings,
  },
  'http-json': {
    open: async ({ system, secrets }) => {
      const { httpJsonSource } = await import('./metrics/http-json/index.ts');
      return httpJsonSource({ clock: system, secrets });
    },
    schema: async () => (await import('./metrics/http-json/schema.ts')).httpJsonSettings,
  },
  otlp: {
    open: async ({ system }) => (await import('./metrics/otlp/index.ts')).otlpSource(system),
    schema: async () => (await import('./metrics/otlp/schema.ts')).otlpSettings,
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

const GITHUB_PROTECTION = 'github-protection';
/** The variable that holds the webhook secrets of the GitHub App. */
const GITHUB_APP_SECRETS = 'GITHUB_APP_WEBHOOK_SECRET';
/** The variable that holds GitHub's webhook secrets, separated by spaces while one replaces another. */
const GITHUB_SECRETS = 'GITHUB_WEBHOOK_SECRET';

export const triggers: Readonly<Record<string, (host: Host) => Promise<Trigger>>> = {
  git: async () => (await import('./triggers/git/index.ts')).gitTrigger(),
  manual: async ({ system }) => (await import('./triggers/manual/index.ts')).manualTrigger(() => system.id()),
  github: async ({ secrets }) => {
    const { githubTrigger } = await import('./triggers/github/index.ts');
    const { githubSettings } = await import('./triggers/github/schema.ts');
    const parsed = githubSettings.safeParse({ secrets: listed(secrets(GITHUB_SECRETS)) });
    if (parsed.success) return githubTrigger(parsed.data);
    throw new SpillwayError('not_found', 'GitHub webhooks are not set up here', {
      where: GITHUB_SECRETS,
      hint: `Set the secret ${GITHUB_SECRETS} (at least 16 characters) to the one of the webhook.`,
    });
  },
  [GITHUB_PROTECTION]: async ({ secrets }) => {
    const { githubProtectionTrigger } = await import('./triggers/github-protection/index.ts');
    const { githubProtectionSettings } = await import('./triggers/github-protection/schema.ts');
    const parsed = githubProtectionSettings.safeParse({ secrets: listed(secrets(GITHUB_APP_SECRETS)) });
    if (parsed.success) return githubProtectionTrigger(parsed.data);
    throw new SpillwayError('not_found', 'deployment protection rules of GitHub are not set up here', {
      where: GITHUB_APP_SECRETS,
      hint: `Set the secret ${GITHUB_APP_SECRETS} (at least 16 characters) to the one of the GitHub App's webhook.`,
    });
  },
};

/** Words of a variable, separated by spaces. */
const listed = (value: string | undefined): readonly string[] =>
  (value ?? '').split(/\s+/).filter((word) => word !== '');

/** Who answers questions, by the trigger that they come in under. */
export const reviewers: Readonly<Record<string, (host: Host) => Promise<Reviewer>>> = {
  [GITHUB_PROTECTION]: async ({ secrets, system }) => {
    const { githubReviewer } = await import('./notifiers/github-review/index.ts');
    const { githubReviewSettings } = await import('./notifiers/github-review/schema.ts');
    const parsed = githubReviewSettings.safeParse({
      api: secrets('GITHUB_API_URL') ?? 'https://api.github.com',
      appId: secrets('GITHUB_APP_ID') ?? '',
      privateKey: secrets('GITHUB_APP_PRIVATE_KEY') ?? '',
      environments: Object.fromEntries(
        listed(secrets('GITHUB_APP_ENVIRONMENTS')).map((pair) => pair.split('=', 2)),
      ),
    });
    if (parsed.success) return githubReviewer(parsed.data, system);
    const [issue] = parsed.error.issues;
    throw new SpillwayError(
      'not_found',
      `the GitHub App is not set up here: ${issue?.message ?? 'incomplete'}`,
      {
        where: String(issue?.path[0] ?? 'GITHUB_APP_ID'),
        hint: 'Set the secrets GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY: see docs/judge-api.md',
      },
    );
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
