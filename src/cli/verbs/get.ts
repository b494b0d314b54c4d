import { Option } from 'commander';
import type { DeploymentSummary } from '../../views/summary.ts';
import { wholeNumber, type Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { eventsOf, loadTree, type DeploymentAnswer } from '../feed.ts';
import { deploymentTable, laneTable } from '../render/deployments.ts';
import { treeLines } from '../render/tree.ts';
import { listLanes, withLane, type LaneOptions } from '../select.ts';

interface ListOptions extends LaneOptions {
  readonly state?: string;
  readonly limit: string;
  readonly before?: string;
}

export const define: Define = (command, context) => {
  withLane(
    command.command('deployments', { isDefault: true }).alias('d').summary('deployments, newest first'),
  )
    .option('--state <states>', 'only in these states, separated by commas')
    .option('--limit <n>', 'at most so many', '20')
    .addOption(new Option('--before <id>', 'only those before this one: the next page'))
    .action(
      context.run(async ({ app, env, state, limit, before }: ListOptions) => {
        const page = await context
          .client()
          .get<{ readonly items: readonly DeploymentSummary[] }>('/api/v1/deployments', {
            application: app,
            environment: env,
            state,
            before,
            limit: wholeNumber(limit, '--limit', 1, 200),
          });
        await context.show(page, () => deploymentTable(page.items, context.io.now()));
        return EXIT.ok;
      }),
    );
  command
    .command('deployment')
    .summary('one deployment, whole')
    .argument('<id>', 'its id or the end of it')
    .action(
      context.run(async (id: string) => {
        const client = context.client();
        const answer = await client.get<DeploymentAnswer>(`/api/v1/deployments/${encodeURIComponent(id)}`);
        const events = await eventsOf(client, answer.id);
        const { lane } = await loadTree(client, answer.id, events, context.io.now());
        await context.show(answer, () => treeLines(lane, context.canvas));
        return EXIT.ok;
      }),
    );
  withLane(
    command.command('lanes').summary('every application and environment, and what serves there'),
  ).action(
    context.run(async (options: LaneOptions) => {
      const lanes = await listLanes(context.client(), options);
      await context.show({ items: lanes }, () => laneTable(lanes));
      return EXIT.ok;
    }),
  );
};
