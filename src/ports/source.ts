import type { ApplicationName, ArtifactDigest, EffectKey } from '../core/ids.ts';
import type { ArtifactPlan } from '../core/plan.ts';

export interface Commit {
  /** 40 hex digits; for a plain folder `''`. */
  readonly commit: string;
  /** The tag on this very commit, else `git describe`, else the short commit. */
  readonly version: string;
  readonly author: string;
  readonly subject: string;
}

export interface Artifact {
  readonly digest: ArtifactDigest;
  /** Folder with the artifact's files, named by the digest; read only. */
  readonly folder: string;
}

/** Where releases come from: a Git repository, or a plain folder. Every method may be repeated. */
export interface Source {
  /** @throws SpillwayError `not_found` when there is no such branch, tag or commit; `unavailable` when the repository does not answer. */
  resolve(ref: string): Promise<Commit>;
  /** A file as it stands at a commit; undefined when there is none. */
  read(commit: string, path: string): Promise<string | undefined>;
  /** Paths that differ between two commits; `before` null = every path of `commit`. */
  changedPaths(before: string | null, commit: string): Promise<readonly string[]>;
  /**
   * Builds the artifact of a commit in a clean checkout and keeps it by its digest. `spillway.yaml` is configuration and
   * never part of an artifact.
   * @throws SpillwayError `command_failed` with the last lines of output, `timeout` when `signal` is aborted.
   */
  build(
    key: EffectKey,
    application: ApplicationName,
    commit: string,
    plan: ArtifactPlan,
    signal: AbortSignal,
  ): Promise<Artifact>;
  /** The kept artifact. @throws SpillwayError `not_found` */
  artifact(digest: ArtifactDigest): Promise<Artifact>;
}
