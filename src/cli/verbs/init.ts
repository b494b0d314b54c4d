import { open, readdir, readFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { detectProject, nameFrom, TELLING_FILES } from '../../config/detect.ts';
import { initialConfig } from '../../config/initial.ts';
import { SpillwayError } from '../../core/errors.ts';
import { wholeNumber, type Context, type Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { span, type Line } from '../render/text.ts';

const FILE = 'spillway.yaml';
/** Sources are searched for a health path: so many files, so many bytes of each. */
const MOST_SOURCES = 50;
const MOST_BYTES = 64 * 1024;
const SOURCES = new Set(['.js', '.mjs', '.cjs', '.ts', '.py', '.go']);

interface Options {
  readonly force?: true;
  readonly app?: string;
  readonly command?: string;
  readonly health?: string;
  readonly port: string;
}

export const define: Define = (command, context) =>
  void command
    .argument('[folder]', 'of the application', '.')
    .option('--force', 'overwrite a spillway.yaml')
    .option('-a, --app <application>', 'its name (default: what the project or the folder is called)')
    .option('--command <command>', 'what starts one instance (default: what the project looks like)')
    .option('--health <path>', 'what answers 200 when all is well')
    .option('--port <port>', 'where users come in', '8080')
    .addHelpText('after', '\nIt asks nothing. What it could not find out it writes as a guess to be changed.')
    .action(context.run((folder: string, options: Options) => init(context, folder, options)));

async function init(context: Context, folder: string, options: Options): Promise<ExitCode> {
  const dir = resolve(context.io.cwd, folder);
  const found = detectProject(await readProject(dir));
  const command = options.command ?? found.command;
  const health = options.health ?? found.health;
  const application = options.app ?? found.application ?? nameFrom(basename(dir)) ?? 'application';
  const text = initialConfig({
    application,
    command: command ?? './start.sh',
    ...(found.build !== undefined && { build: found.build }),
    ...(health !== undefined && { health }),
    listen: wholeNumber(options.port, '--port', 1, 65_535),
  });
  const path = join(dir, FILE);
  await write(path, text, options.force === true);
  await context.show({ file: path, application, command: command ?? null, health: health ?? null }, () => [
    [span('wrote ', 'good'), span(path)],
    ...found.reasons.map((reason): Line => [span(`  ${reason}`, 'dim')]),
    ...(command === undefined ? [[span('  no start command was found: change target.command', 'warn')]] : []),
    ...(health === undefined ? [[span('  no health path was found: the port is checked alone', 'dim')]] : []),
    [span('next: ', 'dim'), span('spillway up', 'accent')],
  ]);
  return EXIT.ok;
}

/** The files that tell what a folder holds, and sources at its top and in `src`. */
async function readProject(dir: string): Promise<Record<string, string>> {
  const names = await readdir(dir).catch(() => {
    throw new SpillwayError('config_invalid', 'there is no such folder', { where: dir });
  });
  const inner = (await readdir(join(dir, 'src')).catch(() => [])).map((name) => join('src', name));
  const sources = [...names, ...inner].filter((name) => SOURCES.has(extname(name))).slice(0, MOST_SOURCES);
  const wanted = [...TELLING_FILES.filter((name) => names.includes(name)), ...sources];
  const read = await Promise.all(
    wanted.map(async (name) => [name, await head(join(dir, name))] as [string, string]),
  );
  return Object.fromEntries(read);
}

const head = async (path: string): Promise<string> =>
  (await readFile(path).catch(() => Buffer.alloc(0))).subarray(0, MOST_BYTES).toString();

async function write(path: string, text: string, force: boolean): Promise<void> {
  try {
    const file = await open(path, force ? 'w' : 'wx');
    await file.writeFile(text);
    await file.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new SpillwayError('config_invalid', `there is a ${FILE} already, and it stays as it is`, {
      where: path,
      hint: 'Start with it: spillway up; or write a new one: spillway init --force',
    });
  }
}
