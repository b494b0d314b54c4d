import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { dirname } from 'node:path';
import { git } from '../../../demo/history.ts';

/** Takes messages in while it is up. */
export class Sink {
  /** The type of each message that was taken in, in order. */
  readonly types: string[] = [];
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async up(): Promise<void> {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        const [, type = body] = /"(?:type|event)": *"([^"]+)"/.exec(body) ?? [];
        this.types.push(type);
        response.writeHead(204).end();
      });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  down(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

/** A repository on a file system that can be away, as one of the network can. */
export class Repository {
  readonly path: string;
  readonly #away: string;

  /** @param path where it is while it is up */
  constructor(path: string) {
    this.path = path;
    this.#away = `${path}.away`;
    git(dirname(path), 'init', '--quiet', '--bare', '--initial-branch=main', this.#away);
  }

  up(): void {
    renameSync(this.#away, this.path);
  }

  down(): void {
    renameSync(this.path, this.#away);
  }

  /** Takes what is on main in a work tree, whether it is up or not. */
  take(from: string): void {
    git(from, 'push', '--quiet', existsSync(this.path) ? this.path : this.#away, 'main');
  }
}
