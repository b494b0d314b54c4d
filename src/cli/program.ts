import { Command, CommanderError, Option } from 'commander';
import { SpillwayError } from '../core/errors.ts';
import { createContext, type Commands, type Context } from './context.ts';
import { EXIT, exitOfError, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { errorLines } from './render/error.ts';
import { paintFor } from './render/style.ts';
import { paintLines } from './render/text.ts';
import { VERBS } from './verbs/index.ts';

const EXITS = `
Exit codes: 0 ok, 1 failed, 2 usage, 3 rolled back, 4 not permitted, 5 timed out,
            6 rejected, 130 interrupted
Environment: SPILLWAY_DATA (like --data), SPILLWAY_DATABASE (like up --database), NO_COLOR, FORCE_COLOR

Begin with:  spillway init && spillway up
`;

/**
 * Runs one command line. Nothing is thrown, and the process is not ended: that is the caller's.
 * @param argv without the names of Node and of the program
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], io: Io, commands: Commands): Promise<ExitCode> {
  const program = new Command('spillway');
  const context = createContext(io, commands, program);
  try {
    await prepare(program, context, argv);
    if (argv.length === 0) program.help();
    await program.parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return failed(error, io);
  }
}

/** Describes every verb by a line; those that are named also by their modules. */
async function prepare(program: Command, context: Context, argv: readonly string[]): Promise<void> {
  const { io, commands } = context;
  program
    .description('Controlled release, for anything you run.')
    .usage('<command> [flags]')
    .version(commands.version, '-V, --version', 'print the version')
    .addOption(
      new Option('-o, --output <form>', 'how to print').choices(['table', 'json', 'yaml']).default('table'),
    )
    .option('--data <dir>', 'the data folder of the server (default: .spillway, here or above)')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .commandsGroup('Operate:')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXITS);
  settle(program, io);
  for (const { name, summary, group, load } of VERBS) {
    const command = program.command(name).summary(summary).description(capital(summary)).helpGroup(group);
    if (argv.includes(name)) (await load()).define(command, context);
    settleAll(command, io);
  }
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function settleAll(command: Command, io: Io): void {
  settle(command, io);
  for (const inner of command.commands) settleAll(inner, io);
}

/** Errors come back as exceptions, help goes where `io` says, and flags of the program show everywhere. */
function settle(command: Command, io: Io): void {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(io.stdout.columns || 80, 100) })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: () => undefined,
    });
}

function failed(error: unknown, io: Io): ExitCode {
  if (io.interrupted.aborted) return EXIT.interrupted;
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const told = error instanceof CommanderError ? usageError(error) : error;
  const width = io.stderr.isTTY === true ? io.stderr.columns || 80 : 1000;
  const paint = paintFor(io.env, io.stderr.isTTY === true);
  io.stderr.write(`${paintLines(errorLines(told, width), width, paint).join('\n')}\n`);
  return error instanceof CommanderError ? EXIT.usage : exitOfError(error);
}

/** Commander's message, with its suggestion as what to do next. */
function usageError({ message, code }: CommanderError): SpillwayError {
  if (code === 'commander.help') return new SpillwayError('config_invalid', 'a command is missing', HELP);
  const [said = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const nearest = suggestion?.replace(/^\(|\)$/g, '');
  return new SpillwayError('config_invalid', said, nearest === undefined ? HELP : { hint: nearest });
}

const HELP = { hint: 'spillway --help lists the commands, spillway COMMAND --help the flags of one' };
