import type { Command } from 'commander';
import { SpillwayError } from '../core/errors.ts';
import { isActive } from '../core/deployment.ts';
import type { DeploymentSummary } from '../views/summary.ts';
import type { Client } from './client.ts';

/** A lane as `GET /lanes` lists it. */
export interface LaneOverview {
  readonly application: string;
  readonly environment: string;
  readonly serving: string | null;
  readonly fallback: string | null;
  readonly locked: { readonly since: string; readonly reason: string } | null;
  readonly deployments: readonly DeploymentSummary[];
}

export interface LaneOptions {
  readonly app?: string;
  readonly env?: string;
}

/** The flags that narrow a choice. */
export const withLane = (command: Command): Command =>
  command
    .option('-a, --app <application>', 'of this application')
    .option('-e, --env <environment>', 'in this environment');

export async function listLanes(client: Client, { app, env }: LaneOptions): Promise<readonly LaneOverview[]> {
  const { items } = await client.get<{ readonly items: readonly LaneOverview[] }>('/api/v1/lanes');
  return items.filter(
    (lane) =>
      (app === undefined || lane.application === app) && (env === undefined || lane.environment === env),
  );
}

/** The only lane there is. @throws SpillwayError `not_found`; `conflict` listing the choices */
export async function chooseLane(client: Client, options: LaneOptions): Promise<LaneOverview> {
  const [lane, ...others] = await listLanes(client, options);
  if (lane === undefined) throw nothingDeployed(options);
  if (others.length === 0) return lane;
  throw new SpillwayError('conflict', 'there are several environments; say which', {
    where: [lane, ...others].map(nameOf).join(', '),
    hint: `Add for example: --app ${lane.application} --env ${lane.environment}`,
  });
}

/**
 * The deployment that a person means: the one named, else the one under way. `ended`: the one that moves traffic, else the newest
 * of the only lane, since whoever asks what happened means what came last, not what soaks behind it.
 * @throws SpillwayError `not_found`; `conflict` listing the choices
 */
export async function chooseDeployment(
  client: Client,
  id: string | undefined,
  options: LaneOptions,
  ended: 'ended too' | 'under way',
): Promise<DeploymentSummary> {
  if (id !== undefined) return client.get(`/api/v1/deployments/${encodeURIComponent(id)}`);
  const lanes = await listLanes(client, options);
  const pick = ended === 'ended too' ? moving : foremost;
  const [found, ...others] = lanes.flatMap((lane) => pick(lane.deployments) ?? []);
  if (found !== undefined && others.length === 0) return found;
  if (found !== undefined)
    throw new SpillwayError('conflict', 'several deployments are under way; say which', {
      where: [found, ...others].map(choice).join(', '),
      hint: `Name it, for example ${found.short}, or narrow it: --app, --env`,
    });
  if (ended === 'ended too') return newestOf(client, await chooseLane(client, options));
  throw new SpillwayError('not_found', 'nothing is under way', {
    where: lanes.map(nameOf).join(', ') || 'no environment',
    hint: 'See what there was: spillway get deployments',
  });
}

type Choice = (deployments: readonly DeploymentSummary[]) => DeploymentSummary | undefined;

const moving: Choice = (deployments) => deployments.find(({ state }) => isActive(state));

/** The one that moves traffic, else the one that soaks, else the newest that waits. */
const foremost: Choice = (deployments) =>
  moving(deployments) ?? deployments.find(({ state }) => state === 'monitoring') ?? deployments.at(-1);

async function newestOf(
  client: Client,
  { application, environment }: LaneOverview,
): Promise<DeploymentSummary> {
  const { items } = await client.get<{ readonly items: readonly DeploymentSummary[] }>(
    '/api/v1/deployments',
    {
      application,
      environment,
      limit: 1,
    },
  );
  const [newest] = items;
  if (newest === undefined) throw nothingDeployed({ app: application, env: environment });
  return newest;
}

function nothingDeployed({ app, env }: LaneOptions): SpillwayError {
  const where = [app, env].filter((part) => part !== undefined).join('/');
  return new SpillwayError('not_found', 'nothing was ever deployed here', {
    ...(where !== '' && { where }),
    hint: 'Deploy: spillway deploy',
  });
}

export const nameOf = ({ application, environment }: Pick<LaneOverview, 'application' | 'environment'>) =>
  `${application}/${environment}`;

const choice = (deployment: DeploymentSummary): string =>
  `${deployment.short} (${nameOf(deployment)} ${deployment.version} ${deployment.state})`;
