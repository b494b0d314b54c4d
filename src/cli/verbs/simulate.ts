import { SpillwayError } from '../../core/errors.ts';
import { wholeNumber, type Context, type Define } from '../context.ts';
import { withQueries } from '../counts-from.ts';
import type { ExitCode } from '../exit.ts';
import { lengthOf } from '../length.ts';
import { simulate, type SimulateOptions } from '../simulate.ts';
import { learnPolicy, type HistoryOptions } from '../simulate-history.ts';

interface Flags extends SimulateOptions, HistoryOptions {
  readonly days: string;
  readonly withdrawnWithin: string;
}

export const define: Define = (command, context) =>
  void withQueries(
    command
      .description(
        'What the configured policy would have done: its steps, its judge and its timers, played through on a trace in virtual time. With --prometheus: which policy would have served past deployments best.',
      )
      .option('-c, --config <file>', 'whose policy', 'spillway.yaml')
      .option('-e, --env <environment>', "this environment's (default: production, or the only one)")
      .option('-m, --metrics <file>', 'a trace: a tick as JSON on each line; - for standard input')
      .option('--record <file>', "a deployment's record (spillway canary record), for a trace")
      .option('--synthetic <spec>', 'a trace that is made: rps=200,errors=1%,canary-errors=2%,onset=15m')
      .option('--seed <n>', 'of everything that is drawn', '1')
      .option('--write <file>', 'keep the trace there')
      .option('--compare', 'each of the judges on the same trace')
      .option('--svg <file>', 'with --compare: a chart of it')
      .option('--prometheus <url>', 'play candidate policies on the deployments that it remembers')
      .option('--days <n>', 'with --prometheus: so far back', '90')
      .option(
        '--withdrawn-within <time>',
        'a version that was gone so soon, with an older one after it, was bad',
        '24h',
      ),
  )
    .addHelpText(
      'after',
      '\nOn a trace, ends with 0 where it would have been promoted, 3 rolled back, 5 not decided before the trace ended.',
    )
    .action(context.run((flags: Flags) => act(context, flags)));

function act(context: Context, flags: Flags): Promise<ExitCode> {
  const seed = wholeNumber(flags.seed, '--seed', 0, 0xffff_ffff);
  if (flags.prometheus === undefined) return simulate(context, flags, seed);
  if ([flags.metrics, flags.synthetic, flags.record].some((trace) => trace !== undefined))
    throw new SpillwayError('config_invalid', 'a trace or the past, not both', {
      where: '--prometheus',
      hint: 'Leave out --metrics, --synthetic and --record.',
    });
  return learnPolicy(context, flags, {
    daysBack: wholeNumber(flags.days, '--days', 1, 3650),
    withdrawnWithinMs: lengthOf(flags.withdrawnWithin, '--withdrawn-within'),
    seed,
  });
}
