import { z } from 'zod';
import { environment, shared } from './environment.ts';
import { gate } from './gates.ts';
import { artifact } from './rollout.ts';
import { trigger } from './triggers.ts';
import { byName, choice, name, notBuilt, object, text } from './values.ts';

const A_URL = 'a URL that begins with https:// or http://, or a reference such as ${WEBHOOK_URL}';
const REFERENCE_ONLY = /^\$\{[A-Za-z_]\w*\}$/;

const webhook = object({
  url: z
    .string({ error: A_URL })
    .refine((url) => REFERENCE_ONLY.test(url) || isWebUrl(url), { error: A_URL }),
  secret: text('a reference to the signing secret, such as ${WEBHOOK_SECRET}').optional(),
  events: z.array(text('the type of an event, such as deployment.failed, or deployment.*')).min(1).optional(),
});

function isWebUrl(url: string): boolean {
  const filled = url.replaceAll(/\$\{[A-Za-z_]\w*\}/g, 'x');
  return URL.canParse(filled) && /^https?:$/.test(new URL(filled).protocol);
}

const notificationChannels = object({
  webhook: z.array(webhook).optional(),
  slack: notBuilt(),
  teams: notBuilt(),
  pagerduty: notBuilt(),
  email: notBuilt(),
  ticket: notBuilt(),
});

/** The whole file, once the single-trigger form has been turned into `triggers`. */
export const spillwayFile = object({
  application: name(),
  source: text('the path or URL of a Git repository').optional(),
  kind: choice(['service'], ['worker', 'cron', 'site']).optional(),
  artifact: artifact.optional(),
  ...shared,
  environments: byName(environment)
    .refine((all) => Object.keys(all).length > 0, { error: 'a map with at least one environment' })
    .optional(),
  gates: byName(gate).optional(),
  triggers: z.array(trigger, { error: 'a list of triggers' }).optional(),
  notification_channels: notificationChannels.optional(),
  approvals: notBuilt(),
  audit_storage: notBuilt(),
  backups: notBuilt(),
  calendars: notBuilt(),
  contacts: notBuilt(),
  disaster_recovery_triggers: notBuilt(),
  flags: notBuilt(),
  freezes: notBuilt(),
  links: notBuilt(),
  migrations: notBuilt(),
  observers: notBuilt(),
  post_deployment_compliance: notBuilt(),
  pre_deployment_compliance: notBuilt(),
  presets: notBuilt(),
  publish: notBuilt(),
  reconcile: notBuilt(),
  regions: notBuilt(),
  remedies: notBuilt(),
  runbooks: notBuilt(),
  security: notBuilt(),
  status_page: notBuilt(),
  targets: notBuilt(),
  waves: notBuilt(),
  workers: notBuilt(),
  workflows: notBuilt(),
});

export type FileInput = z.output<typeof spillwayFile>;
export type EnvironmentInput = NonNullable<FileInput['environments']>[string];
export type SharedInput = Pick<EnvironmentInput, keyof typeof shared>;
