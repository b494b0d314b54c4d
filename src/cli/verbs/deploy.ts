import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig } from '../../config/parse.ts';
import { SpillwayError } from '../../core/errors.ts';
import type { DeploymentSummary } from '../../views/summary.ts';
import type { Client } from '../client.ts';
import type { Context, Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { errorLines } from '../render/error.ts';
import { span } from '../render/text.ts';
import { refusedEvent, type EventAnswer } from '../sent.ts';
import { listLanes, withLane, type LaneOptions } from '../select.ts';
import { begun, withWait, type WaitOptions } from '../wait.ts';

interface Options extends LaneOptions, WaitOptions {
  readonly ref?: string;
  readonly release?: string;
  readonly reason?: string;
}

export const define: Define = (command, context) =>
  void withWait(withLane(command))
    .option('-r, --ref <ref>', 'the branch, tag or commit (default: what is checked out)')
    .option('--release <version>', 'the name of the version')
    .option('--reason <text>', 'why; kept in the audit log')
    .action(context.run((options: Options) => deploy(context, options)));

async function deploy(context: Context, options: Options): Promise<ExitCode> {
  const client = context.client();
  const headers = { 'idempotency-key': randomUUID() };
  const answer = await client.post<EventAnswer>(
    '/api/v1/deployments',
    await bodyOf(context, client, options),
    headers,
  );
  const refused = refusedEvent(answer);
  if (refused) {
    context.io.stderr.write(context.text(errorLines(refused.error, context.canvas.width)));
    return refused.exit;
  }
  const deployments = answer.status === 'accepted' ? answer.deployments : [];
  if (deployments.length > 0) return allBegun(context, deployments, options);
  const event = answer.status === 'accepted' ? answer.event : '';
  await context.show(answer, () => [
    [span(`accepted as event ${event}, still being looked at`)],
    [span('see what it leads to: ', 'dim'), span(`spillway events explain ${event}`, 'accent')],
  ]);
  return options.wait === undefined ? EXIT.ok : EXIT.timedOut;
}

/** One event may lead to several environments: they are followed one after another, and the worst end counts. */
async function allBegun(
  context: Context,
  deployments: readonly DeploymentSummary[],
  options: Options,
): Promise<ExitCode> {
  let worst: ExitCode = EXIT.ok;
  for (const deployment of deployments) {
    const code = await begun(context, deployment, 'requested', options);
    if (code !== EXIT.ok) worst = code;
  }
  return worst;
}

async function bodyOf(context: Context, client: Client, options: Options) {
  const { app, ref, release, reason } = options;
  const environment = options.env ?? (await onlyEnvironment(context, client, options));
  return { application: app, environment, ref, version: release, reason };
}

/**
 * Where there is only one environment it need not be named. Before the first deployment the server knows none: then the
 * configuration here tells.
 */
async function onlyEnvironment(context: Context, client: Client, { app }: LaneOptions): Promise<string> {
  const lanes = await listLanes(client, app === undefined ? {} : { app });
  const names = lanes.length > 0 ? lanes.map(({ environment }) => environment) : await configured(context);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new SpillwayError('config_invalid', 'say which environment is meant', {
    where: names.join(', ') || 'nothing was ever deployed, and there is no spillway.yaml here',
    hint: `Add for example: --env ${only ?? 'production'}`,
  });
}

async function configured({ io, commands }: Context): Promise<readonly string[]> {
  const text = await readFile(join(io.cwd, 'spillway.yaml')).catch(() => undefined);
  if (text === undefined) return [];
  const { config } = parseConfig(text, 'spillway.yaml', await commands.adapterSchemas());
  return Object.keys(config?.environments ?? {});
}
