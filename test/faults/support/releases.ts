import { artifactDigest } from '../../../src/core/ids.ts';
import type { Artifact, Commit, Source } from '../../../src/ports/source.ts';

/**
 * A canary of two short steps, watched every second. One that falls ill while its next instances are started ends only when the start's
 * time is over, so that is short, too.
 */
const configurationOf = (application: string): string => `
application: ${application}
target: { type: dummy, instances: 2 }
automatic_rollback_triggers: { health_checks: { timeout: 20s } }
traffic: { type: dummy, listen: { host: 127.0.0.1, port: 8080 }, sticky: { by: none } }
environments:
  production:
    strategy: canary
    approval: none
    canary:
      warm_up: 1s
      increment_steps:
        - { weight: 50, min: 1s, max: 60s }
        - { weight: 100, min: 1s, max: 60s }
    health: { interval: 1s, unhealthy_threshold: 2 }
    soak_duration: 1s
`;

/** A version that falls ill while it is a canary begins with this. */
export const SICK = 'sick-';

/** The commit of a version: its name in hexadecimal, so that every replica knows every release. */
export const commitOf = (version: string): string => Buffer.from(version).toString('hex').padEnd(40, '0');

const versionOf = (commit: string) => Buffer.from(commit.replace(/(00)+$/, ''), 'hex').toString();

/** Every release of an application that anybody may ask for. */
export class AllReleases implements Source {
  readonly #configuration: string;

  constructor(application: string) {
    this.#configuration = configurationOf(application);
  }

  async resolve(ref: string): Promise<Commit> {
    return { commit: ref, version: versionOf(ref), author: 'ada', subject: 'a change' };
  }

  async read(): Promise<string> {
    return this.#configuration;
  }

  async changedPaths(): Promise<readonly string[]> {
    return ['server.js'];
  }

  async build(_key: string, _application: string, commit: string): Promise<Artifact> {
    return this.artifact(`sha256:${commit}`);
  }

  async artifact(digest: string): Promise<Artifact> {
    return { digest: artifactDigest(digest), folder: '/nowhere' };
  }
}
