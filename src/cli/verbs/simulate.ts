import { wholeNumber, type Define } from '../context.ts';
import { simulate, type SimulateOptions } from '../simulate.ts';

export const define: Define = (command, context) =>
  void command
    .description(
      'What the configured policy would have done: its steps, its judge and its timers, played through on a trace in virtual time.',
    )
    .option('-c, --config <file>', 'whose policy', 'spillway.yaml')
    .option('-e, --env <environment>', "this environment's (default: production, or the only one)")
    .option('-m, --metrics <file>', 'a trace: a tick as JSON on each line; - for standard input')
    .option('--synthetic <spec>', 'a trace that is made: rps=200,errors=1%,canary-errors=2%,onset=15m')
    .option('--seed <n>', 'of everything that is drawn', '1')
    .option('--write <file>', 'keep the trace there')
    .option('--compare', 'each of the judges on the same trace')
    .option('--svg <file>', 'with --compare: a chart of it')
    .addHelpText(
      'after',
      '\nEnds with 0 where it would have been promoted, 3 rolled back, 5 not decided before the trace ended.',
    )
    .action(
      context.run((options: SimulateOptions) =>
        simulate(context, options, wholeNumber(options.seed, '--seed', 0, 0xffff_ffff)),
      ),
    );
