import type { RawRequest, Received, Trigger } from '../../ports/trigger.ts';
import { mediaType, readJson, refuse, textOf } from '../body.ts';
import { NO_COMMIT } from '../git-ref.ts';
import { postReceiveReport } from './schema.ts';

export { parsePostReceive, postReceiveHook, type RefUpdate } from './hook.ts';

/** One report is a few lines of JSON. */
const MAX_BODY_BYTES = 64_000;

/**
 * Reports of a repository's `post-receive` hook. They come over the server's Unix socket, whose file permissions say who may
 * send them; there is no signature.
 */
export const gitTrigger = (): Trigger => ({
  maxBodyBytes: MAX_BODY_BYTES,
  receive: (request) => Promise.resolve(receive(request)),
});

function receive(request: RawRequest): Received {
  const { headers, body } = request;
  if (body.byteLength > MAX_BODY_BYTES) return refuse(413, 'body', `must be at most ${MAX_BODY_BYTES} bytes`);
  if (mediaType(headers) !== 'application/json')
    return refuse(415, 'content-type', 'must be application/json');
  const read = readJson(textOf(body), postReceiveReport);
  if (!read.ok) return read;
  const { oldSha, newSha, ref, actor, deliveryId, application } = read.value;
  if (newSha === NO_COMMIT) return { ok: true, deliveryId, event: null, why: `${ref} was deleted` };
  return {
    ok: true,
    deliveryId,
    why: `push to ${ref}`,
    event: {
      id: deliveryId,
      type: ref.startsWith('refs/tags/') ? 'tag' : 'push',
      source: 'git',
      actor,
      timestamp: request.receivedAt,
      gitRef: ref,
      commitSha: newSha,
      version: null,
      metadata: {
        before: oldSha === NO_COMMIT ? null : oldSha,
        created: oldSha === NO_COMMIT,
        ...(application === undefined ? {} : { application }),
      },
      ipAddress: request.ipAddress,
      userAgent: headers['user-agent'] ?? null,
    },
  };
}
