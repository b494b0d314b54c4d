import { instant } from '../../../src/core/time.ts';
import type { Received, Trigger } from '../../../src/ports/trigger.ts';

/** What a simulated Git host sends. */
export interface Push {
  readonly application: string;
  readonly environment: string;
  readonly commit: string;
  readonly actor: string;
}

/** Pushes as a Git host announces them: the header `delivery` names each, and comes again with a redelivery. */
export const hookTrigger: Trigger = {
  maxBodyBytes: 100_000,
  receive: async ({ headers, body, receivedAt, ipAddress }): Promise<Received> => {
    const { application, environment, commit, actor } = JSON.parse(Buffer.from(body).toString()) as Push;
    const id = headers['delivery'] ?? '';
    return {
      ok: true,
      deliveryId: id,
      why: `${actor} has pushed`,
      event: {
        id,
        type: 'push',
        source: 'webhook',
        actor,
        timestamp: instant(receivedAt),
        gitRef: `refs/heads/${environment}`,
        commitSha: commit,
        version: null,
        metadata: { application },
        ipAddress,
        userAgent: null,
      },
    };
  },
};
