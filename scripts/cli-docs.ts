// Prints docs/cli.md, made of the program's own help. A test fails while the file is out of date; `make docs` writes it.
import { runCli, type Commands, type Io } from '../src/cli/index.ts';
import { gitHook, invocation } from '../src/server/invocation.ts';
import { adapterSchemas } from '../src/server/project.ts';

/** As wide as the help gets. */
const WIDTH = 100;

const commands: Commands = {
  version: '',
  invocation,
  gitHook,
  adapterSchemas,
  startServer: () => Promise.reject(new Error('help starts no server')),
};

async function helpOf(words: readonly string[]): Promise<string> {
  let said = '';
  const io: Io = {
    stdout: { write: (text) => (said += text), columns: WIDTH },
    stderr: { write: (text) => (said += text) },
    stdin: (async function* () {})(),
    env: {},
    cwd: '/',
    user: 'docs',
    now: () => 0,
    interrupted: new AbortController().signal,
  };
  const code = await runCli([...words, '--help'], io, commands);
  if (code !== 0) throw new Error(`spillway ${words.join(' ')} --help ended with ${code}:\n${said}`);
  return said;
}

/** The names in a help's list of commands: `deployments|d [options]` is `deployments`. */
const innerVerbs = (help: string): string[] =>
  [...help.matchAll(/^ {2}([a-z][\w-]*)(?:\|\w+)?(?: [[<].*?)? {2,}\S/gm)].map(([, name = '']) => name);

/** The block of a help that begins with this heading. */
const block = (help: string, heading: string): string =>
  help.split(/\n\n/).find((part) => part.startsWith(`${heading}\n`)) ?? '';

/** The flags that every command takes are said once. */
const withoutGlobals = (help: string): string =>
  help
    .split(/\n\n/)
    .filter((part) => !/^(?:Global Options|Operate):\n/.test(part))
    .join('\n\n')
    .trim();

const section = (level: string, words: readonly string[], help: string): string =>
  `${level} spillway ${words.join(' ')}\n\n\`\`\`text\n${withoutGlobals(help)}\n\`\`\`\n`;

async function sectionsOf(verb: string): Promise<string[]> {
  const help = await helpOf([verb]);
  const inner = innerVerbs(block(help, 'Commands:'));
  const below = inner.map(async (name) => section('###', [verb, name], await helpOf([verb, name])));
  return [section('##', [verb], help), ...(await Promise.all(below))];
}

const top = await helpOf([]);
const verbs = innerVerbs(top).filter((verb) => verb !== 'help');
const sections = await Promise.all(verbs.map(sectionsOf));
process.stdout.write(
  [
    '# The command line\n',
    'Written by `make docs` from `spillway COMMAND --help`. The [guide](guide.md) says when to use what.\n',
    `\`\`\`text\n${top.trim()}\n\`\`\`\n`,
    'A deployment is named by its id or by the end of it, as lists show it. `-o`, `--data`, `-V` and `-h` go with every command.\n',
    ...sections.flat(),
  ].join('\n'),
);
