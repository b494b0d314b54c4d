import type { Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { span } from '../render/text.ts';
import { chooseLane, nameOf } from '../select.ts';

export const define: Define = (command, context) =>
  void command
    .command('unlock')
    .summary('allow deployments again after a failed rollback was mended')
    .description('Allow deployments again after a rollback failed in every way and a person has mended it.')
    .argument('<lane>', 'APPLICATION/ENVIRONMENT')
    .requiredOption('--reason <text>', 'what was mended; kept in the audit log')
    .action(
      context.run(async (lane: string, { reason }: { readonly reason: string }) => {
        const [app = '', env = ''] = lane.split('/');
        const client = context.client();
        const found = await chooseLane(client, { app, env });
        await client.post(`/api/v1/lanes/${found.application}/${found.environment}/unlock`, { reason });
        await context.show({ lane, locked: false }, () => [[span(`${nameOf(found)} is unlocked`, 'good')]]);
        return EXIT.ok;
      }),
    );
