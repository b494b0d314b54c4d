import { Option, type Command } from 'commander';
import { SpillwayError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { EXIT, exitOfOutcome, type ExitCode } from './exit.ts';
import { followDeployment } from './follow.ts';
import { span, type Line } from './render/text.ts';
import type { DeploymentSummary } from '../views/summary.ts';

export interface WaitOptions {
  readonly wait?: true | 'live' | 'completed';
  readonly timeout: string;
}

/** The flags of commands that begin something and may wait for its end. */
export const withWait = (command: Command): Command =>
  command
    .addOption(
      new Option('-w, --wait [until]', 'follow it until it is live, or completed (soak included)')
        .choices(['live', 'completed'])
        .preset('live'),
    )
    .option('--timeout <duration>', 'how long to wait, as in 90s, 10m, 2h', '1h');

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws SpillwayError `config_invalid` */
export function durationOf(text: string, flag: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const size = UNITS[unit];
  const ms = size === undefined ? 0 : Number(number) * size;
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw new SpillwayError('config_invalid', `${flag} is a duration such as 90s, 10m or 2h, not "${text}"`, {
    where: flag,
  });
}

/** Says what was begun; with `--wait` follows it, and ends as it ends. */
export async function begun(
  context: Context,
  summary: DeploymentSummary,
  what: string,
  { wait, timeout }: WaitOptions,
): Promise<ExitCode> {
  const limitMs = durationOf(timeout, '--timeout');
  if (wait === undefined) {
    await context.show(summary, () => begunLines(summary, what));
    return EXIT.ok;
  }
  if (context.options().output === 'table' && !context.live) context.print(begunLines(summary, what));
  const last = await followDeployment(context, summary.id, wait === 'completed' ? 'ended' : 'live', limitMs);
  return exitOfOutcome(last);
}

const begunLines = (
  { short, application, environment, version }: DeploymentSummary,
  what: string,
): readonly Line[] => [
  [span(`deployment ${short}`, 'bold'), span(` of ${application} ${version} to ${environment} ${what}`)],
  [span('follow it: ', 'dim'), span(`spillway watch ${short}`, 'accent')],
];
