import { execFileSync } from 'node:child_process';

/** A range for tests of networks (RFC 2544): it belongs to nobody. */
const HERE = '198.18.0.1';
const THERE = '198.18.0.2';
/** Nobody's: a frame to it is dropped where it arrives. */
const NOWHERE = '02:00:00:00:00:ff';

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });

/** A network namespace that reaches this host by one cable, and nothing else. */
export class Island {
  /** This host's address, as seen from there. */
  readonly address = HERE;
  readonly #name: string;
  readonly #cable: string;

  constructor() {
    this.#name = `spillway-${process.pid}`;
    this.#cable = `sp${process.pid}`;
    ip('netns', 'add', this.#name);
    ip(
      'link',
      'add',
      `${this.#cable}a`,
      'type',
      'veth',
      'peer',
      'name',
      `${this.#cable}b`,
      'netns',
      this.#name,
    );
    ip('addr', 'add', `${HERE}/30`, 'dev', `${this.#cable}a`);
    ip('link', 'set', `${this.#cable}a`, 'up');
    this.#there('addr', 'add', `${THERE}/30`, 'dev', `${this.#cable}b`);
    this.#there('link', 'set', `${this.#cable}b`, 'up');
    this.#there('link', 'set', 'lo', 'up');
  }

  /** What a command begins with that is to run there. */
  get enter(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}`];
  }

  /** From now on packets vanish, in both directions and without a word. */
  cut(): void {
    ip(...this.#neighbour('replace', THERE, 'a'), 'lladdr', NOWHERE, 'nud', 'permanent');
    this.#there(...this.#neighbour('replace', HERE, 'b'), 'lladdr', NOWHERE, 'nud', 'permanent');
  }

  mend(): void {
    ip(...this.#neighbour('del', THERE, 'a'));
    this.#there(...this.#neighbour('del', HERE, 'b'));
  }

  remove(): void {
    ip('link', 'del', `${this.#cable}a`);
    ip('netns', 'del', this.#name);
  }

  #neighbour(verb: string, address: string, end: string): readonly string[] {
    return ['neigh', verb, address, 'dev', `${this.#cable}${end}`];
  }

  #there(...args: readonly string[]): void {
    ip('-n', this.#name, ...args);
  }
}
