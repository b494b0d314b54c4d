import { createHash } from 'node:crypto';
import type { JsonObject } from '../../core/json.ts';
import type { NewTask, SystemEvent } from '../../ports/store.ts';
import type { RawRequest, Received, TriggerEvent } from '../../ports/trigger.ts';
import type { IngestResult } from '../control-plane.ts';
import { asJson, INBOX_TASK, REVIEW_TASK } from '../tasks.ts';
import type { World } from '../world.ts';
import type { InboxPayload } from './inbox-tasks.ts';

type Refused = Extract<Received, { readonly ok: false }>;

/** What came in under a trigger's name: believed or not, kept before it is answered, looked at afterwards. */
export async function ingest(world: World, name: string, request: RawRequest): Promise<IngestResult> {
  const trigger = await world.trigger(name);
  const received = await trigger.receive(request);
  if (!received.ok) return refuse(world, name, request, received);
  const { event, deliveryId, why } = received;
  if (event === null) {
    await record(world, request, 'event.ignored', { trigger: name, delivery: deliveryId, reason: why });
    return { status: 'ignored', why };
  }
  const result = await world.store.receive({
    source: name,
    deliveryId,
    bodyHash: bodyHash(event, request.body),
    receivedAt: request.receivedAt,
    payload: asJson(event),
    task: inboxTask(name, deliveryId, event, request),
  });
  if (result.duplicate) return { status: 'duplicate', of: result.of };
  return { status: 'accepted', event: event.id };
}

/** A webhook whose body came before is a replay under another name; a person may well ask for the same thing twice. */
const bodyHash = (event: TriggerEvent, body: Uint8Array): string =>
  event.source === 'api' ? '' : createHash('sha256').update(body).digest('hex');

function inboxTask(trigger: string, deliveryId: string, event: TriggerEvent, request: RawRequest): NewTask {
  const payload: InboxPayload = { trigger, event, receivedAt: request.receivedAt };
  const kind = event.review === undefined ? INBOX_TASK : REVIEW_TASK;
  return {
    key: `${kind}/${trigger}/${deliveryId}`,
    kind,
    lane: null,
    deployment: null,
    payload: asJson(payload),
    runAt: request.receivedAt,
    queue: `${kind}/${trigger}`,
    priority: 2,
  };
}

async function refuse(
  world: World,
  trigger: string,
  request: RawRequest,
  { status, field, reason }: Refused,
): Promise<IngestResult> {
  const category = status === 401 ? { category: 'security' } : {};
  await record(world, request, 'event.rejected', { trigger, field, reason, status: 'failure', ...category });
  return { status: 'refused', httpStatus: status, field, reason };
}

async function record(
  { store }: World,
  { receivedAt: at, headers, ipAddress }: RawRequest,
  type: SystemEvent['type'],
  details: JsonObject,
): Promise<void> {
  const userAgent = headers['user-agent'] ?? null;
  await store.record(
    [{ type, at, actor: 'unknown', details: { ...details, ipAddress, userAgent } }],
    [],
    null,
  );
}
