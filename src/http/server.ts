import type { AddressInfo } from 'node:net';
import { SpillwayError } from '../core/errors.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { createApp } from './app.ts';
import { isLoopback } from './guard.ts';
import type { HttpOptions } from './options.ts';
import { listenOnSocket } from './socket.ts';

export interface HttpServer {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** `http://127.0.0.1:8321`; null without a TCP listener. */
  readonly address: string | null;
  /** Ends all connections, event streams too, and takes the socket away. */
  close(): Promise<void>;
}

/**
 * Starts to listen. Nothing is left open when it fails.
 * @throws SpillwayError `conflict` when a server runs on this socket already, or the port is taken
 */
export async function createServer(controlPlane: ControlPlane, options: HttpOptions): Promise<HttpServer> {
  const { socket, tcp } = options;
  const inside = await createApp(controlPlane, options, 'socket');
  const removeSocket = await listenOnSocket(inside, socket);
  const closeInside = async () => {
    await removeSocket();
    await inside.close();
  };
  if (tcp === null) return { socket, address: null, close: closeInside };
  try {
    const outside = await listenOnTcp(controlPlane, options, tcp);
    const close = async () => void (await Promise.all([outside.close(), closeInside()]));
    return { socket, address: outside.address, close };
  } catch (error) {
    await closeInside();
    throw error;
  }
}

async function listenOnTcp(
  controlPlane: ControlPlane,
  options: HttpOptions,
  { host, port }: NonNullable<HttpOptions['tcp']>,
) {
  const app = await createApp(controlPlane, options, isLoopback(host) ? 'loopback' : 'outside');
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw portTaken(error, `${host}:${port}`);
  }
  const bound = app.server.address() as AddressInfo;
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { address: `http://${name}:${bound.port}`, close: () => app.close() };
}

function portTaken(error: unknown, where: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new SpillwayError('conflict', 'another program listens on this port', {
    where,
    hint: 'End it, or choose another port: --port N',
    cause: error,
  });
}
