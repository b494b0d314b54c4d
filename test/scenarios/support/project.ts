import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../../demo/history.ts';

const TINY = join(import.meta.dirname, '..', 'tiny');
/** The first step as it is configured, and so long that a sick release never leaves it. */
const QUICK = '{ weight: 20, min: 1s,';
const SLOW = '{ weight: 20, min: 55s,';
/** The second step likewise, for a release whose faults come and go there. */
const HIGH = '{ weight: 80, min: 1s,';
const LONG = '{ weight: 80, min: 55s,';
const COMPARISON = 'warm_up: 2s';
const STRICT = 'unhealthy_threshold: 2';
/** So that instances may be gone for as long as a machine takes to come back. */
const PATIENT = 'unhealthy_threshold: 60';
/** As Spillway names the repository that it hosts. */
const REMOTE = 'spillway';

export interface TinyRelease {
  readonly version: string;
  /** Its health check fails once it has served. */
  readonly sick?: boolean;
  /** Its instances may be gone for a while. */
  readonly patient?: boolean;
  /** It is slow while it is young. */
  readonly cold?: boolean;
  /** It fails the share of its requests that this file says. */
  readonly faulty?: string;
  /** It counts for itself, for a Prometheus that finds it by files in this folder. */
  readonly metered?: string;
  /** One in ten requests goes wrong, and only what it counts itself says so. */
  readonly wrong?: boolean;
  /** The section `metrics:`. */
  readonly metrics?: string;
  /** Seconds that the first step lasts at least, in place of 1. */
  readonly firstStep?: number;
  /** In place of `warm_up: 2s`: how it is compared. */
  readonly comparison?: string;
}

/** A project with the smallest service there is, and the file in which everything done with it is counted. */
export class Project {
  readonly dir: string;
  readonly #ledger: string;
  readonly #port: number;

  /** @param port where the service is open to users */
  constructor(folder: string, port: number) {
    this.dir = join(folder, 'tiny');
    this.#ledger = join(folder, 'ledger');
    mkdirSync(folder, { recursive: true });
    cpSync(TINY, this.dir, { recursive: true });
    this.#port = port;
    writeFileSync(join(this.dir, 'ledger'), this.#ledger);
    git(this.dir, 'init', '--quiet', '--initial-branch=main');
  }

  #configure(release: TinyRelease): void {
    const { sick, patient, faulty, firstStep = 1, metrics = '', comparison = COMPARISON } = release;
    const text = readFileSync(join(TINY, 'spillway.yaml'), 'utf8');
    const configured = text
      .replace('127.0.0.1:8080', `127.0.0.1:${this.#port}`)
      .replace(QUICK, sick ? SLOW : `{ weight: 20, min: ${firstStep}s,`)
      .replace(HIGH, faulty === undefined ? HIGH : LONG)
      .replace(STRICT, patient ? PATIENT : STRICT)
      .replace(COMPARISON, comparison);
    writeFileSync(join(this.dir, 'spillway.yaml'), configured + metrics);
  }

  /** @returns the commit */
  commit(release: TinyRelease): string {
    const { version } = release;
    writeFileSync(join(this.dir, 'version'), version);
    for (const trait of ['sick', 'cold', 'wrong', 'faulty', 'metered'] as const) {
      const value = release[trait];
      if (value !== undefined && value !== false)
        writeFileSync(join(this.dir, trait), value === true ? '' : value);
      else rmSync(join(this.dir, trait), { force: true });
    }
    this.#configure(release);
    git(this.dir, 'add', '--all');
    git(this.dir, 'commit', '--quiet', `--message=Release ${version}`);
    return git(this.dir, 'rev-parse', 'HEAD');
  }

  /** Pushes to the repository that a server has set up; its hook reports the push. */
  push(): void {
    git(this.dir, 'push', '--quiet', REMOTE, 'main');
  }

  /** How often each thing was done with a version: `start` of an instance, `build`, `gate`. */
  done(version: string): Readonly<Record<'start' | 'build' | 'gate', number>> {
    const lines = existsSync(this.#ledger) ? readFileSync(this.#ledger, 'utf8').split('\n') : [];
    const times = (word: string) => lines.filter((line) => line === `${word} ${version}`).length;
    return { start: times('start'), build: times('build'), gate: times('gate') };
  }
}
