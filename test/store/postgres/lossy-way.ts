import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

/** A way to a server on which the next turn gets lost: before it arrives, or its answer on the way back. */
export interface LossyWay {
  readonly url: string;
  loseNext(what: 'question' | 'answer'): void;
  /** The next so many connections are cut as soon as they are made. */
  refuseNext(count: number): void;
  /** How many connections it has cut. */
  readonly cuts: () => number;
  close(): Promise<void>;
}

/** The name of the prepared statement by which a store writes: it is in each of its messages, in the clear. */
const TURN = 'take_turn';

/** @param url of a database on 127.0.0.1 */
export async function lossyWay(url: string): Promise<LossyWay> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let losing: 'question' | 'answer' | undefined;
  let cuts = 0;
  let refusing = 0;
  const server = createServer((from) => {
    if (refusing > 0) {
      refusing -= 1;
      from.destroy();
      return;
    }
    const to = connect(Number(target.port), target.hostname);
    let deaf = false;
    const cut = () => {
      cuts += 1;
      from.destroy();
      to.destroy();
    };
    from.on('data', (chunk) => {
      const what = chunk.includes(TURN) ? losing : undefined;
      if (what !== undefined) losing = undefined;
      if (what === 'question') return cut();
      deaf ||= what === 'answer';
      to.write(chunk);
    });
    to.on('data', (chunk) => (deaf ? cut() : from.write(chunk)));
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    loseNext: (what) => void (losing = what),
    refuseNext: (count) => void (refusing = count),
    cuts: () => cuts,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
