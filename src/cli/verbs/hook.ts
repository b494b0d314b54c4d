import type { Define } from '../context.ts';
import { installHook } from '../hook-install.ts';
import { reportPush } from '../hook-report.ts';

export const define: Define = (command, context) => {
  command
    .command('install')
    .summary('make a plain Git repository report its pushes')
    .description(
      'Write a post-receive hook into a plain Git repository. A hook of your own is never overwritten.',
    )
    .argument('<repository>', 'its folder')
    .option('-a, --app <application>', 'the application that the pushes are for, where there are several')
    .action(
      context.run((repository: string, { app }: { readonly app?: string }) =>
        installHook(context, repository, app),
      ),
    );
  command
    .command('post-receive')
    .summary('report a push; called by Git')
    .description(
      'Report a push; called by Git, with the updated refs on standard input. It never fails a push.',
    )
    .option('-a, --app <application>', 'the application that the push is for')
    .action(context.run(({ app }: { readonly app?: string }) => reportPush(context, app)));
};
