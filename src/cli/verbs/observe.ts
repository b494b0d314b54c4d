import type { Define } from '../context.ts';
import { withCounts } from '../counts-from.ts';
import { lengthOf } from '../length.ts';
import { observeRollout, type ObserveOptions } from '../observe.ts';

interface Flags extends ObserveOptions {
  readonly for: string;
  readonly every: string;
}

export const define: Define = (command, context) =>
  void withCounts(
    command
      .description(
        'Watch a rollout that something else drives, and say what the configured policy would have done, and when. Nothing is changed.',
      )
      .requiredOption('--canary <version>', 'the version that is rolled out')
      .requiredOption('--stable <version>', 'the version that it is compared with')
      .option('-c, --config <file>', 'whose policy', 'spillway.yaml')
      .option('-e, --env <environment>', "this environment's (default: production, or the only one)")
      .option('--for <time>', 'for so long', '1h')
      .option('--every <time>', 'look so often', '5s'),
  )
    .addHelpText(
      'after',
      '\nEnds with 0 where it would have gone on at the end, 3 rolled back, 5 neither.\nWith -o json, each line is one thing that there is to say.',
    )
    .action(
      context.run((flags: Flags) =>
        observeRollout(context, flags, {
          forMs: lengthOf(flags.for, '--for'),
          everyMs: lengthOf(flags.every, '--every'),
        }),
      ),
    );
