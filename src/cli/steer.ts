import type { DeploymentSummary } from '../views/summary.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span } from './render/text.ts';
import { chooseDeployment, nameOf, type LaneOptions } from './select.ts';

/** Asks one thing of a deployment, and says that it was done. */
export async function steer(
  context: Context,
  verb: 'pause' | 'resume' | 'promote' | 'abort' | 'cancel',
  id: string | undefined,
  options: LaneOptions,
  body: object,
): Promise<ExitCode> {
  const client = context.client();
  const chosen = await chooseDeployment(client, id, options, 'under way');
  const answer = await client.post<{ readonly deployment: DeploymentSummary | null }>(
    `/api/v1/deployments/${chosen.id}/${verb}`,
    body,
  );
  const { short, version, state, weight } = answer.deployment ?? chosen;
  const traffic = weight === null ? '' : `, ${weight}% of the traffic`;
  await context.show(answer.deployment ?? chosen, () => [
    [
      span(`${DONE[verb]} deployment ${short}`, 'bold'),
      span(` of ${nameOf(chosen)} ${version}: ${state.replace('_', ' ')}${traffic}`),
    ],
  ]);
  return EXIT.ok;
}

const DONE = {
  pause: 'paused',
  resume: 'resumed',
  promote: 'promoted',
  abort: 'aborted',
  cancel: 'cancelled',
};
