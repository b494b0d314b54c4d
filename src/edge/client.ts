import { request } from 'node:http';
import { SpillwayError } from '../core/errors.ts';
import { edgePaths } from './paths.ts';
import type { WireError } from './wire.ts';

const PATIENCE_MS = 10_000;

export interface ControlRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take, in milliseconds; 10 s when not given. */
  readonly patience?: number;
}

/**
 * Asks the edge that holds `dir`.
 * @returns the answer's JSON body, of the shape that wire.ts gives for the path
 * @throws SpillwayError the edge's own; `unavailable` when no edge answers, `timeout` when it takes too long
 */
export function askEdge<Answer>(dir: string, asked: ControlRequest): Promise<Answer> {
  const socketPath = edgePaths(dir).control;
  const { method, path, body, patience = PATIENCE_MS } = asked;
  return new Promise((resolve, reject) => {
    const req = request(
      { socketPath, method, path, headers: { 'content-type': 'application/json' } },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', (error) => reject(gone(socketPath, error)));
        res.on('end', () => {
          clearTimeout(timer);
          const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
          if (res.statusCode === 200) resolve(answer as Answer);
          else reject(told(answer as WireError));
        });
      },
    );
    const timer = setTimeout(() => {
      reject(
        new SpillwayError('timeout', `the edge did not answer ${method} ${path} within ${patience} ms`, {
          where: socketPath,
          hint: 'Observe the route before acting again: what was asked may have been done.',
        }),
      );
      req.destroy();
    }, patience);
    req.on('error', (error) => {
      clearTimeout(timer);
      reject(gone(socketPath, error));
    });
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const gone = (where: string, cause: Error) =>
  new SpillwayError('unavailable', `no edge answers: ${cause.message}`, {
    where,
    hint: 'Start the edge.',
    cause,
  });

const told = ({ code, message, where, hint }: WireError) =>
  new SpillwayError(code, message, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
  });
