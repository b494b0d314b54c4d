/** Identifiers are branded strings: one kind cannot be passed where another is meant. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type ApplicationName = Branded<'ApplicationName'>;
export type EnvironmentName = Branded<'EnvironmentName'>;
export type DeploymentId = Branded<'DeploymentId'>;
/** `sha256:<64 hex>` of the artifact's files; the identity of a release. */
export type ArtifactDigest = Branded<'ArtifactDigest'>;
/** `sha256:<64 hex>` of artifact + environment configuration + secret version ids; the identity of a revision. */
export type RevisionDigest = Branded<'RevisionDigest'>;
/** Names one effect for ever: repeating an effect under its key changes nothing. */
export type EffectKey = Branded<'EffectKey'>;
/** One running copy of an application, as its target names it. */
export type InstanceId = Branded<'InstanceId'>;

export const applicationName = (text: string) => text as ApplicationName;
export const environmentName = (text: string) => text as EnvironmentName;
export const deploymentId = (text: string) => text as DeploymentId;
export const artifactDigest = (text: string) => text as ArtifactDigest;
export const revisionDigest = (text: string) => text as RevisionDigest;
export const effectKey = (text: string) => text as EffectKey;
export const instanceId = (text: string) => text as InstanceId;

/** One application in one environment; what the invariants of the lifecycle range over. */
export interface LaneId {
  readonly application: ApplicationName;
  readonly environment: EnvironmentName;
}

/** `<application>/<environment>`, the name of the route that carries the lane's traffic. */
export const routeOf = (lane: LaneId) => `${lane.application}/${lane.environment}`;
