import type { LaneEvent } from './events.ts';
import type { ArtifactDigest } from './ids.ts';
import type { Environment, Lane } from './lane.ts';
import type { Revision } from './release.ts';

/** Configurations are counted for this many of the newest artifacts. */
const ARTIFACTS_REMEMBERED = 50;

/** What a fact about a deployment, or about the environment itself, means for the environment. */
export function evolveEnvironment({ environment }: Lane, event: LaneEvent): Environment {
  const change = changes[event.type] as ((was: Environment, event: LaneEvent) => Environment) | undefined;
  return change === undefined ? environment : change(environment, event);
}

type Changes = {
  readonly [Type in LaneEvent['type']]?: (
    was: Environment,
    event: Extract<LaneEvent, { readonly type: Type }>,
  ) => Environment;
};

const changes: Changes = {
  'release.built': (was, { revision }) => ({ ...was, configurations: remember(was, revision) }),
  'deployment.live': (was, { revision }) => ({ ...was, serving: revision }),
  'rollback.started': (was, { to }) => ({ ...was, serving: to }),
  'rollback.retried': (was, { to }) => ({ ...was, serving: to }),
  'deployment.completed': (was, { soakComplete, revision }) =>
    soakComplete ? { ...was, fallback: revision } : was,
  'environment.locked': (was, { at, reason }) => ({ ...was, locked: { since: at, reason } }),
  'environment.unlocked': (was) => ({ ...was, locked: null }),
};

/** The place of a configuration among those seen of the same artifact, from 1. */
export function configurationNumber(
  environment: Environment,
  revision: Pick<Revision, 'digest' | 'release'>,
): number {
  const seen = configurationsOf(environment, revision.release.artifact);
  const index = seen.indexOf(revision.digest);
  return index === -1 ? seen.length + 1 : index + 1;
}

const configurationsOf = (environment: Environment, artifact: ArtifactDigest) =>
  environment.configurations.find((entry) => entry.artifact === artifact)?.revisions ?? [];

function remember(environment: Environment, revision: Revision): Environment['configurations'] {
  const { artifact } = revision.release;
  const seen = configurationsOf(environment, artifact);
  const revisions = seen.includes(revision.digest) ? seen : [...seen, revision.digest];
  const others = environment.configurations.filter((entry) => entry.artifact !== artifact);
  return [...others, { artifact, revisions }].slice(-ARTIFACTS_REMEMBERED);
}
