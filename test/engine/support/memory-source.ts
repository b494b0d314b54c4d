import { SpillwayError } from '../../../src/core/errors.ts';
import { artifactDigest } from '../../../src/core/ids.ts';
import type { Artifact, Commit, Source } from '../../../src/ports/source.ts';

/** A repository of commits with nothing in them but their configuration. The name of a commit is its version, too. */
export class MemorySource implements Source {
  readonly #configurations = new Map<string, string>();
  readonly builds: string[] = [];

  /** @param commit 40 hex digits are made of it */
  commit(version: string, configuration: string): string {
    const commit = Buffer.from(version).toString('hex').padEnd(40, '0');
    this.#configurations.set(commit, configuration);
    return commit;
  }

  async resolve(ref: string): Promise<Commit> {
    const commit = this.#configurations.has(ref) ? ref : undefined;
    if (commit === undefined) throw new SpillwayError('not_found', `there is no commit ${ref}`);
    return { commit, version: versionOf(commit), author: 'ada', subject: 'a change' };
  }

  async read(commit: string): Promise<string | undefined> {
    await this.resolve(commit);
    return this.#configurations.get(commit);
  }

  async changedPaths(): Promise<readonly string[]> {
    return ['server.js'];
  }

  async build(_key: string, _application: string, commit: string): Promise<Artifact> {
    this.builds.push(commit);
    return this.artifact(`sha256:${commit}`);
  }

  async artifact(digest: string): Promise<Artifact> {
    return { digest: artifactDigest(digest), folder: '/nowhere' };
  }
}

const versionOf = (commit: string) => Buffer.from(commit.replace(/(00)+$/, ''), 'hex').toString();
