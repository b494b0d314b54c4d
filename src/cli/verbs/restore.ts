import { resolve } from 'node:path';
import { defaultDataDir, namedDataDir } from '../discover.ts';
import { givenKey, type KeyOptions } from '../backup-key.ts';
import type { Context, Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { span, type Line } from '../render/text.ts';
import { count } from '../../views/words.ts';

interface Options extends KeyOptions {
  readonly database?: string;
  readonly replace?: boolean;
}

export const define: Define = (command, context) =>
  void command
    .argument('<file>', 'the backup')
    .option('--key-file <file>', 'the key that it was made with (or SPILLWAY_BACKUP_KEY)')
    .option('--database <url>', 'put the store into PostgreSQL, wherever it was kept before')
    .option('--replace', 'move aside what is there')
    .addHelpText(
      'after',
      '\nGoes to --data DIR, else to .spillway here. Nothing is touched before the backup is proved; nothing is ever deleted.',
    )
    .action(context.run((file: string, options: Options) => restore(context, file, options)));

async function restore(context: Context, named: string, options: Options): Promise<ExitCode> {
  const { io } = context;
  const file = resolve(io.cwd, named);
  const dataDir = namedDataDir(io, context.options().data) ?? defaultDataDir(io.cwd);
  const database = options.database ?? (io.env['SPILLWAY_DATABASE'] || null);
  const key = await givenKey(io, options);
  const { restoreBackup } = await import('../../backup/index.ts');
  const { manifest, aside } = await restoreBackup({
    file,
    key,
    dataDir,
    database,
    replace: options.replace === true,
    now: io.now(),
  });
  const { made, store } = manifest;
  await context.show({ dataDir, made, ...store, aside }, () => [
    [span('restored and proved: ', 'good'), span(dataDir)],
    [span(`${count(store.events)} events, ${count(store.size)} audit entries, root ${store.root}`)],
    ...aside.map((place): Line => [span(`what was there is now in ${place}`)]),
    [
      span(`What happened after ${made} is not known. `, 'warn'),
      span('Instances that run are adopted by looking at them; a push since then is to be pushed again.'),
    ],
    [span('next: ', 'dim'), span(database === null ? 'spillway up' : 'spillway up --database URL', 'accent')],
  ]);
  return EXIT.ok;
}
