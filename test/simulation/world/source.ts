import { SpillwayError } from '../../../src/core/errors.ts';
import { artifactDigest, type ArtifactDigest } from '../../../src/core/ids.ts';
import type { Artifact, Commit, Source } from '../../../src/ports/source.ts';
import type { Releases, SimRelease } from './releases.ts';

/** A repository whose commits are releases of a known quality. */
export class SimSource implements Source {
  readonly #releases: Releases;
  /** Told which build was asked for. */
  readonly #onBuild: (key: string) => void;

  constructor(releases: Releases, onBuild: (key: string) => void) {
    this.#releases = releases;
    this.#onBuild = onBuild;
  }

  async resolve(ref: string): Promise<Commit> {
    const { commit, version } = this.#find(ref);
    return { commit, version, author: 'ada', subject: 'a change' };
  }

  async read(commit: string): Promise<string> {
    return this.#find(commit).configuration;
  }

  async changedPaths(): Promise<readonly string[]> {
    return ['server.js'];
  }

  async build(key: string, _application: string, commit: string): Promise<Artifact> {
    this.#onBuild(key);
    if (this.#find(commit).quality === 'does not build')
      throw new SpillwayError('command_failed', 'the build ended with code 2');
    return this.artifact(artifactDigest(`sha256:${commit}`));
  }

  async artifact(digest: ArtifactDigest): Promise<Artifact> {
    return { digest, folder: '/artifacts' };
  }

  #find(ref: string): SimRelease {
    const release = this.#releases.byCommit(ref);
    if (release === undefined) throw new SpillwayError('not_found', `there is no commit ${ref}`);
    return release;
  }
}
