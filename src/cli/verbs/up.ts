import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { SpillwayError } from '../../core/errors.ts';
import { wholeNumber, type Context, type Define, type RunningServer, type UpOptions } from '../context.ts';
import { milliseconds, type Duration } from '../../core/time.ts';
import { DEFAULT_KEEP, type Keep } from '../../engine/retention.ts';
import { sealingKey } from '../backup-key.ts';
import { defaultDataDir, namedDataDir } from '../discover.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { span, type Line } from '../render/text.ts';
import { durationOf } from '../wait.ts';

interface Options {
  readonly host: string;
  readonly port: string;
  readonly listen: boolean;
  readonly database?: string;
  readonly logLevel: UpOptions['logLevel'];
  readonly keepSeries?: string;
  readonly keepPayloads?: string;
  readonly backupTo?: string;
  readonly backupEvery: string;
  readonly backupKeep: string;
}

export const define: Define = (command, context) =>
  void command
    .argument('[folder]', 'with the spillway.yaml', '.')
    .option(
      '--host <address>',
      'where webhooks come in; beyond this machine only they and health do',
      '127.0.0.1',
    )
    .option('--port <port>', 'where webhooks come in', '8321')
    .option('--no-listen', 'no TCP at all: the Unix socket alone')
    .option(
      '--database <url>',
      'keep everything in PostgreSQL, which other replicas may share: postgres://user@host/name, or SPILLWAY_DATABASE',
    )
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .option(
      '--keep-series <duration>',
      'what was counted in a rollout, after its end: 30d, or SPILLWAY_KEEP_SERIES',
    )
    .option('--keep-payloads <duration>', 'what came in, word for word: 7d, or SPILLWAY_KEEP_PAYLOADS')
    .option('--backup-to <dir>', 'back up into this folder again and again; needs SPILLWAY_BACKUP_KEY')
    .option('--backup-every <duration>', 'how often', '6h')
    .option('--backup-keep <count>', 'so many are kept', '14')
    .addHelpText(
      'after',
      '\nCtrl-C ends the server. What it started goes on to run, and traffic goes on to flow.',
    )
    .action(context.run((folder: string, options: Options) => up(context, folder, options)));

async function up(context: Context, folder: string, options: Options): Promise<ExitCode> {
  const { io } = context;
  const dir = resolve(io.cwd, folder);
  const file = join(dir, 'spillway.yaml');
  await stat(file).catch(() => {
    throw new SpillwayError('config_invalid', 'there is no spillway.yaml here', {
      where: file,
      hint: 'Write one: spillway init',
    });
  });
  const server = await context.commands.startServer({
    dir,
    dataDir: namedDataDir(io, context.options().data) ?? defaultDataDir(dir),
    database: options.database ?? (io.env['SPILLWAY_DATABASE'] || null),
    listen: options.listen
      ? { host: options.host, port: wholeNumber(options.port, '--port', 0, 65_535) }
      : null,
    logLevel: options.logLevel,
    keep: keepOf(context, options),
    backups: await backupsOf(context, options),
  });
  const { address, socket, serves, pushWith } = server;
  await context.show({ address, socket, serves, pushWith }, () => startedLines(server));
  await untilInterrupted(io.interrupted);
  await server.close();
  if (context.options().output === 'table')
    context.print([[span('the server has ended; what it started goes on to run', 'dim')]]);
  return EXIT.ok;
}

function keepOf({ io }: Context, { keepSeries, keepPayloads }: Options): Keep {
  const length = (given: string | undefined, name: string, flag: string, usual: Duration): Duration => {
    const text = given ?? (io.env[name] || undefined);
    return text === undefined ? usual : milliseconds(durationOf(text, given === undefined ? name : flag));
  };
  return {
    series: length(keepSeries, 'SPILLWAY_KEEP_SERIES', '--keep-series', DEFAULT_KEEP.series),
    payloads: length(keepPayloads, 'SPILLWAY_KEEP_PAYLOADS', '--keep-payloads', DEFAULT_KEEP.payloads),
  };
}

async function backupsOf({ io }: Context, options: Options): Promise<UpOptions['backups']> {
  if (options.backupTo === undefined) return null;
  const key = await sealingKey(io, {});
  return {
    dir: resolve(io.cwd, options.backupTo),
    every: milliseconds(durationOf(options.backupEvery, '--backup-every')),
    keep: wholeNumber(options.backupKeep, '--backup-keep', 1, 10_000),
    key,
  };
}

const startedLines = ({ address, socket, serves, pushWith }: RunningServer): readonly Line[] => [
  [span('spillway is up', 'good'), span(`   ${address ?? socket}`, 'dim')],
  ...serves.map((lane): Line => [span(`  ${lane}`)]),
  [
    span('next: ', 'dim'),
    span(pushWith ?? 'spillway deploy', 'accent'),
    span(', then ', 'dim'),
    span('spillway watch', 'accent'),
  ],
];

const untilInterrupted = (interrupted: AbortSignal): Promise<void> =>
  new Promise((ended) => {
    if (interrupted.aborted) ended();
    interrupted.addEventListener('abort', () => ended(), { once: true });
  });
