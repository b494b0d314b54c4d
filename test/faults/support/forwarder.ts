import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** An address that stays the same while what is behind it moves. */
export class Forwarder {
  #port: number;
  readonly #open = new Set<Socket>();
  readonly #server = createServer((client) => {
    const behind = connect(this.#port, '127.0.0.1');
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      this.#open.add(one);
      one.setNoDelay(true);
      one.on('error', () => {});
      one.once('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });

  private constructor(port: number) {
    this.#port = port;
  }

  /** @param port what is behind it at first, on loopback */
  static async start(port: number, host = '127.0.0.1'): Promise<Forwarder> {
    const forwarder = new Forwarder(port);
    forwarder.#server.listen(0, host);
    await once(forwarder.#server, 'listening');
    return forwarder;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every connection; new ones go there. */
  moveTo(port: number): void {
    this.#port = port;
    for (const one of this.#open) one.destroy();
  }

  close(): void {
    this.#server.close();
    for (const one of this.#open) one.destroy();
  }
}
