import { loadTree } from '../src/cli/feed.ts';
import type { Canvas } from '../src/cli/render/canvas.ts';
import { createScreen } from '../src/cli/render/screen.ts';
import { glyphsFor, paintFor } from '../src/cli/render/style.ts';
import { blank, paintLines, span, type Line } from '../src/cli/render/text.ts';
import { deploymentLines } from '../src/cli/render/tree.ts';
import { eventLine } from '../src/cli/follow.ts';
import type { Client } from '../src/cli/client.ts';
import type { DeploymentId } from '../src/core/ids.ts';
import type { StoredEvent } from '../src/ports/store.ts';
import type { Journal } from './journal.ts';
import type { Load } from './load-process.ts';

const REPAINT_MS = 250;
const WIDEST = 110;
/** In a log no line is cut. */
const NEVER_CUT = 1000;

/** What the live part of the picture shows. */
export interface Scene {
  readonly client: Client;
  readonly journal: Journal;
  readonly load: Load | undefined;
  readonly deployment: DeploymentId | undefined;
  /** Said above it while it holds. */
  readonly notice: string | null;
}

/**
 * The demo on the terminal: lines that stay, and below them the deployment under way as a tree, painted again in place. Where there
 * is no terminal, one line an event.
 */
export class Watch {
  readonly #live = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  readonly #paint = paintFor(process.env, process.stdout.isTTY);
  readonly #screen = createScreen(process.stdout);
  #tree: readonly Line[] = [];
  #shown: DeploymentId | undefined;
  #timer: NodeJS.Timeout | undefined;

  get canvas(): Canvas {
    const columns = process.stdout.isTTY ? process.stdout.columns : WIDEST;
    return { width: Math.max(60, Math.min(WIDEST, columns)), glyphs: glyphsFor(process.env) };
  }

  /** Lines that stay. */
  say(...lines: readonly Line[]): void {
    if (this.#live) this.#screen.paint([]);
    process.stdout.write(`${this.#painted(lines).join('\n')}\n`);
  }

  /** A recorded event: the tree shows it, so that only a log needs its line. */
  tell(event: StoredEvent): void {
    const lines = this.#live ? [] : eventLine(event);
    if (lines.length > 0) this.say(...lines);
  }

  /** Paints the scene over and over until `clear`. */
  show(scene: () => Scene): void {
    if (!this.#live) return;
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      void this.#repaint(scene()).finally(() => (busy = false));
    }, REPAINT_MS);
  }

  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (!this.#live) return;
    this.#screen.paint([]);
    this.#screen.close();
  }

  async #repaint({ client, journal, load, deployment, notice }: Scene): Promise<void> {
    const timer = this.#timer;
    if (deployment !== this.#shown) this.#tree = [];
    this.#shown = deployment;
    if (deployment !== undefined && notice === null) {
      const events = journal.stored(deployment);
      const loaded = await loadTree(client, deployment, events, Date.now()).catch(() => undefined);
      if (loaded !== undefined) this.#tree = deploymentLines(loaded.tree, this.canvas);
    }
    if (timer !== this.#timer) return;
    const said: readonly Line[] = notice === null ? [] : [blank, [span(notice, 'warn')]];
    const users = load === undefined ? [] : [blank, usersLine(load)];
    this.#screen.paint(this.#painted([blank, ...this.#tree, ...said, ...users]));
  }

  #painted(lines: readonly Line[]): readonly string[] {
    return paintLines(lines, this.#live ? this.canvas.width : NEVER_CUT, this.#paint);
  }
}

function usersLine({ present, requests, dropped }: Load): Line {
  const { perSecond, p95 } = present;
  const rate = `${Math.round(perSecond)} req/s`;
  const slow = p95 === null ? '' : `, p95 ${Math.round(p95)} ms`;
  return [
    span('users  ', 'dim'),
    span(rate, 'bold'),
    span(`${slow}, ${requests.toLocaleString('en')} requests so far, `, 'dim'),
    span(`${dropped} dropped`, dropped === 0 ? 'good' : 'bad'),
  ];
}
