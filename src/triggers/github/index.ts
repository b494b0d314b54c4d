import type { RawRequest, Received, Trigger, TriggerEvent } from '../../ports/trigger.ts';
import { mediaType, readJson, refuse, textOf } from '../body.ts';
import { NO_COMMIT } from '../git-ref.ts';
import { authentic } from '../github-delivery.ts';
import { pushPayload, type GithubSettings, type PushPayload } from './schema.ts';

/** GitHub caps payloads at 25 MB; a push carries at most 2,048 commits and stays far below this. */
const MAX_BODY_BYTES = 5_000_000;

/** Webhooks of GitHub. Header names are in small letters, as Node gives them. */
export function githubTrigger({ secrets }: GithubSettings): Trigger {
  return {
    maxBodyBytes: MAX_BODY_BYTES,
    receive: (request) => Promise.resolve(receive(request, secrets)),
  };
}

function receive(request: RawRequest, secrets: readonly string[]): Received {
  const { headers, body } = request;
  const delivery = authentic(request, secrets, MAX_BODY_BYTES);
  if (!delivery.ok) return delivery;
  const { id: deliveryId, kind } = delivery.value;
  const ignored = (why: string): Received => ({ ok: true, deliveryId, event: null, why });
  if (kind !== 'push') return ignored(whyIgnored(kind));
  const type = mediaType(headers);
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded')
    return refuse(415, 'content-type', 'must be application/json or application/x-www-form-urlencoded');
  const text = textOf(body);
  const read = readJson(type === 'application/json' ? text : formPayload(text), pushPayload);
  if (!read.ok) return read;
  if (read.value.deleted || read.value.after === NO_COMMIT) return ignored(`${read.value.ref} was deleted`);
  const event = pushEvent(read.value, deliveryId, request);
  return { ok: true, deliveryId, event, why: `push to ${read.value.ref}` };
}

const formPayload = (text: string | undefined) =>
  text === undefined ? undefined : (new URLSearchParams(text).get('payload') ?? '');

function whyIgnored(kind: string): string {
  if (kind === 'ping') return 'a ping; the webhook is set up';
  if (kind === 'create') return 'a push event tells of the same branch or tag';
  return `${kind} events start nothing`;
}

function pushEvent(push: PushPayload, deliveryId: string, request: RawRequest): TriggerEvent {
  const isTag = push.ref.startsWith('refs/tags/');
  return {
    id: deliveryId,
    type: isTag ? 'tag' : 'push',
    source: 'git',
    actor: push.sender?.login ?? push.pusher.name,
    timestamp: request.receivedAt,
    gitRef: push.ref,
    commitSha: isTag ? (push.head_commit?.id ?? push.after) : push.after,
    version: null,
    metadata: {
      before: push.before === NO_COMMIT ? null : push.before,
      created: push.created,
      forced: push.forced,
      repository: push.repository.full_name,
      message: push.head_commit?.message.split('\n', 1)[0]?.slice(0, 200) ?? '',
    },
    ipAddress: request.ipAddress,
    userAgent: request.headers['user-agent'] ?? null,
  };
}
