import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { messageOf } from '../../core/errors.ts';
import type { InstanceSpec } from './instance.ts';
import { HOST } from './ports.ts';

/** More of an answer is not searched. */
const BODY_LIMIT = 64 * 1024;

/** One health check. Redirects are not followed: what the instance itself answers is judged. @returns why not, or null */
export async function probe(spec: InstanceSpec): Promise<string | null> {
  const { path, timeout } = spec.health;
  const signal = AbortSignal.timeout(timeout);
  const what = path === null ? `a connection to port ${spec.port}` : `GET ${path}`;
  try {
    if (path !== null) return await ask(spec, path, signal);
    await reach(spec.port, signal);
    return null;
  } catch (error) {
    return signal.aborted ? `${what} took longer than ${timeout}ms` : `${what}: ${messageOf(error)}`;
  }
}

function reach(port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port });
    const stop = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', stop);
    socket.once('connect', () => socket.destroy());
    socket.once('error', reject);
    socket.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}

async function ask(
  { port, health }: InstanceSpec,
  path: string,
  signal: AbortSignal,
): Promise<string | null> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    request({ host: HOST, port, path, agent: false, headers: { 'user-agent': 'spillway-health' }, signal })
      .on('response', resolve)
      .on('error', reject)
      .end(),
  );
  const status = response.statusCode ?? 0;
  const good = health.status === undefined ? status >= 200 && status < 400 : status === health.status;
  const found = health.body === null || (good && (await contains(response, health.body)));
  response.on('error', () => undefined).destroy();
  if (!good) return `GET ${path} answered ${status}`;
  return found ? null : `GET ${path} answered without ${JSON.stringify(health.body)}`;
}

async function contains(response: IncomingMessage, text: string): Promise<boolean> {
  let body = Buffer.alloc(0);
  for await (const chunk of response) {
    body = Buffer.concat([body, chunk as Buffer]);
    if (body.includes(text)) return true;
    if (body.length > BODY_LIMIT) return false;
  }
  return false;
}
