import type { ApplicationName, ArtifactDigest, RevisionDigest } from './ids.ts';
import type { JsonObject } from './json.ts';

/** What moves from environment to environment. It is made once; its identity is the artifact's digest. */
export interface Release {
  readonly application: ApplicationName;
  /** For people: a tag's version, else `git describe`, else the short commit. */
  readonly version: string;
  /** 40 hex digits, or `''` for a release made from a plain folder. */
  readonly commit: string;
  readonly artifact: ArtifactDigest;
}

/** A release as it runs in one environment; what is approved, deployed, judged and rolled back. */
export interface Revision {
  readonly digest: RevisionDigest;
  readonly release: Release;
  /** The environment's configuration for the target and its health checks; secrets by name, never by value. */
  readonly runtime: Runtime;
  /** Secret name -> id of the version in use. */
  readonly secrets: Readonly<Record<string, string>>;
  /** 1 for the first configuration of this release in this environment, then 2, 3 ... */
  readonly configuration: number;
}

/** The configuration that a target gets: its kind, its own settings (parsed by its schema) and the size. */
export interface Runtime {
  readonly target: { readonly type: string; readonly settings: JsonObject };
  readonly traffic: { readonly type: string; readonly settings: JsonObject };
  /** How many instances carry all of the traffic. */
  readonly instances: number;
}

/** How people see a revision: `1.4.0`, or `1.4.0 (config 3)` once its configuration has changed. */
export const labelOf = (revision: Revision): string =>
  revision.configuration > 1
    ? `${revision.release.version} (config ${revision.configuration})`
    : revision.release.version;
