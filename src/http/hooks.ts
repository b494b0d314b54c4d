import type { FastifyInstance } from 'fastify';
import { SpillwayError } from '../core/errors.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { answerIngest, ingestAndFollow, rawRequest } from './ingest.ts';
import type { Door, HttpOptions } from './options.ts';

/**
 * `POST /hooks/<source>`: events from outside, each body kept byte for byte, since signatures are over the bytes. A body above
 * its source's limit is refused before it is read. On the socket, `Prefer: wait` (RFC 7240) also waits a moment for what it leads to.
 */
export async function hookRoutes(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  { hooks, now }: HttpOptions,
  door: Door,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    const open = Object.entries(hooks).filter(([, { socketOnly }]) => door === 'socket' || !socketOnly);
    for (const [source, { maxBodyBytes }] of open)
      scope.post(`/hooks/${source}`, { bodyLimit: maxBodyBytes }, async (request, reply) => {
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
        const ingest = () => controlPlane.ingest(source, rawRequest(request, now(), body));
        if (door === 'socket' && request.headers.prefer === 'wait')
          return ingestAndFollow(controlPlane, request, reply, ingest);
        return answerIngest(request, reply, await ingest());
      });
    const unknown = () => Promise.reject(unknownSource(open.map(([source]) => source)));
    scope.post('/hooks/*', { onRequest: unknown }, unknown);
    done();
  });
}

const unknownSource = (known: readonly string[]) =>
  new SpillwayError('not_found', 'no trigger listens under this name', {
    where: 'path',
    hint: known.length === 0 ? 'No triggers are configured.' : `There are: ${known.join(', ')}.`,
  });
