import type { FastifyRequest } from 'fastify';
import { InvalidInput } from './problem.ts';
import { ACTOR_HEADER, type Door } from './options.ts';

/**
 * Who asks. On the socket, which only its owner can open, callers are believed to be whom they say; elsewhere nobody is.
 * @throws InvalidInput when the name is not one that may stand in the audit log
 */
export function actorOf(request: FastifyRequest, door: Door): string {
  const claimed = request.headers[ACTOR_HEADER];
  if (door !== 'socket') return door;
  if (claimed === undefined) return 'socket';
  const actor = decode(String(claimed));
  if (actor === undefined || actor === '' || actor.length > 100 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(actor))
    throw new InvalidInput([
      { field: ACTOR_HEADER, message: 'must be a name of 1 to 100 visible characters' },
    ]);
  return actor;
}

/** Header values are ASCII; other letters come percent-encoded. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
