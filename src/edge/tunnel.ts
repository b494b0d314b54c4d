import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Backend, Lasting } from './backend.ts';

const PROBE_AFTER_MS = 30_000;

interface UpgradeAnswer {
  readonly status: number;
  /** Alternating names and values. */
  readonly headers: readonly (string | string[])[];
}

function headOf({ status, headers }: UpgradeAnswer): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let i = 0; i < headers.length; i += 2) {
    for (const value of [headers[i + 1] ?? ''].flat()) head += `${String(headers[i])}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** Joins an upgraded client to its instance; counted as in flight until both connections are closed. */
export function tunnel(answer: UpgradeAnswer, client: Socket, upstream: Duplex, backend: Backend): void {
  const connection: Lasting = {
    leave: () => {
      client.destroy();
      upstream.destroy();
    },
  };
  backend.lasting.add(connection);
  let open = 2;
  const closed = () => {
    connection.leave();
    if (--open > 0) return;
    backend.lasting.delete(connection);
    backend.inFlight--;
  };
  // Either side's error is followed by its close, which ends both.
  const ignored = () => undefined;
  for (const side of [client, upstream]) side.on('error', ignored).once('close', closed);
  client.setKeepAlive(true, PROBE_AFTER_MS).setNoDelay(true);
  client.write(headOf(answer), 'latin1');
  client.pipe(upstream);
  upstream.pipe(client);
}
