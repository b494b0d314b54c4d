import { SpillwayError } from '../core/errors.ts';
import { instant } from '../core/time.ts';
import type { Engine } from '../engine/engine.ts';
import type { Logger } from '../engine/world.ts';
import { deliverPending } from '../cli/pending.ts';

/** Takes in what hooks kept while no server ran. What cannot be taken in stays where it is, and is named. */
export async function takeInPending(engine: Engine, dataDir: string, log: Logger): Promise<void> {
  const { delivered, left } = await deliverPending(dataDir, async ({ trigger, body, at }) => {
    const result = await engine.ingest(trigger, {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body),
      receivedAt: instant(at),
      ipAddress: null,
    });
    if (result.status === 'refused')
      throw new SpillwayError('invalid_event', `${result.field}: ${result.reason}`);
  });
  if (delivered > 0) log.info({ delivered }, 'took in events that were kept while no server ran');
  if (left.length > 0) log.warn({ left }, 'kept events could not be taken in');
}
