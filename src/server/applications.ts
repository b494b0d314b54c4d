import type { Config } from '../config/config.ts';
import { resolveReferences } from '../config/references.ts';
import { SpillwayError } from '../core/errors.ts';
import type { ApplicationName } from '../core/ids.ts';
import type { Notification } from '../core/notification.ts';
import type { Applications } from '../engine/world.ts';
import type { Secrets } from '../exec/environment.ts';
import type { Clock } from '../ports/system.ts';
import type { Source } from '../ports/source.ts';

/** The one application of the folder that the server was started in. */
export function servedApplication(
  config: Config,
  source: Source,
  secrets: Secrets,
  clock: Clock,
): Applications {
  const { application } = config;
  const channels = new Map(config.webhooks.map((channel, index) => [`webhook-${index + 1}`, channel]));
  return {
    concerned: (_trigger, { metadata }) =>
      metadata['application'] === undefined || metadata['application'] === application ? [application] : [],

    source: async (name) => {
      if (name === application) return source;
      throw notServed(name, application);
    },

    channels: (_name, message) =>
      [...channels].filter(([, { events }]) => wants(events, message)).map(([name]) => name),

    notifier: async (_name, channel) => {
      const { webhookNotifier } = await import('../notifiers/webhook/index.ts');
      const { webhookSettings } = await import('../notifiers/webhook/schema.ts');
      const webhook = channels.get(channel);
      if (webhook === undefined) throw new SpillwayError('not_found', `there is no channel ${channel}`);
      const url = resolveReferences(webhook.url, secrets);
      const secret = webhook.secret === null ? null : resolveReferences(webhook.secret, secrets);
      return webhookNotifier(webhookSettings.parse({ url, secret }), clock);
    },
  };
}

/** `deployment.*` stands for a family; no list for all. */
const wants = (events: readonly string[] | null, { type }: Notification): boolean =>
  events === null ||
  events.some((wanted) => wanted === type || (wanted.endsWith('.*') && type.startsWith(wanted.slice(0, -1))));

const notServed = (name: ApplicationName, served: ApplicationName) =>
  new SpillwayError('not_found', `the application ${name} is not served here`, {
    hint: `This server serves ${served}.`,
  });
