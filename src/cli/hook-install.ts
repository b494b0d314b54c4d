import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { span } from './render/text.ts';

/** By this a hook that Spillway wrote is known. */
const OURS = 'Written by Spillway';

/** @throws SpillwayError `not_found` for what is no repository; `conflict` where there is a hook of somebody else's */
export async function installHook(
  context: Context,
  repository: string,
  app: string | undefined,
): Promise<ExitCode> {
  const hooks = await hooksOf(resolve(context.io.cwd, repository));
  const path = join(hooks, 'post-receive');
  const git = await context.commands.gitHook();
  const forApp = app === undefined ? [] : ['--app', app];
  const call = [
    ...context.commands.invocation,
    '--data',
    context.dataDir(),
    'hook',
    'post-receive',
    ...forApp,
  ];
  const wanted = git.script(call);
  const present = await readFile(path, 'utf8').catch(() => undefined);
  if (present !== undefined && !present.includes(OURS)) throw foreign(path, wanted);
  await writeFile(path, wanted);
  await chmod(path, 0o755);
  await context.show({ hook: path }, () => [
    [span('installed ', 'good'), span(path)],
    [span('a push to this repository is now reported to Spillway', 'dim')],
  ]);
  return EXIT.ok;
}

/** The folder of hooks of a bare repository, or of one with a work tree. */
async function hooksOf(repository: string): Promise<string> {
  for (const folder of [repository, join(repository, '.git')]) {
    const isRepository = await Promise.all(
      ['hooks', 'objects'].map((name) => stat(join(folder, name)).then((found) => found.isDirectory())),
    ).catch(() => [false]);
    if (isRepository.every(Boolean)) return join(folder, 'hooks');
  }
  throw new SpillwayError('not_found', 'this is no Git repository', {
    where: repository,
    hint: 'Name the folder of one: a bare repository, or one with a work tree.',
  });
}

function foreign(path: string, wanted: string): SpillwayError {
  const call = wanted.split('\n').findLast((line) => line.startsWith('exec ')) ?? '';
  return new SpillwayError('conflict', 'there is a post-receive hook already, and it stays as it is', {
    where: path,
    hint: `Let it pass its standard input on to: ${call.replace(/^exec /, '')}`,
  });
}
