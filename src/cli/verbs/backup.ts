import { resolve } from 'node:path';
import type { Manifest } from '../../backup/index.ts';
import { isoTime } from '../../core/iso-time.ts';
import { instant } from '../../core/time.ts';
import { count } from '../../views/words.ts';
import { givenKey, newKey, type KeyOptions } from '../backup-key.ts';
import type { Context, Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { span, type Line } from '../render/text.ts';

interface Options extends KeyOptions {
  readonly database?: string;
}

const KEY = '--key-file <file>';
const KEY_TEXT = 'the key, which you keep elsewhere (or SPILLWAY_BACKUP_KEY)';

export const define: Define = (command, context) => {
  command
    .usage('[file] [options]\n       spillway backup verify <file> [options]')
    .argument('[file]', 'where to; it must not be there yet (default: spillway-<time>.backup, here)')
    .option(KEY, KEY_TEXT)
    .option('--unencrypted', 'everybody who has the file can read keys and secrets')
    .option('--database <url>', 'the store is in PostgreSQL, as with up (or SPILLWAY_DATABASE)')
    .addHelpText(
      'after',
      '\nThe server goes on meanwhile. Every backup is unpacked again and proved before it has its name.',
    )
    .action(context.run((file: string | undefined, options: Options) => backup(context, file, options)));
  const proof = command
    .command('verify')
    .summary('prove that a backup can be restored')
    .description('Prove that a backup can be restored: unpack it, and check everything in it.')
    .argument('<file>', 'the backup')
    .option(KEY, KEY_TEXT);
  proof.action(context.run((file: string) => verify(context, file, proof.optsWithGlobals<KeyOptions>())));
};

async function backup(context: Context, named: string | undefined, options: Options): Promise<ExitCode> {
  const { io, commands } = context;
  const now = io.now();
  const file = resolve(
    io.cwd,
    named ?? `spillway-${isoTime(instant(now)).replaceAll(/[-:]|\.\d+/g, '')}.backup`,
  );
  const key = await newKey(io, options);
  const { createBackup } = await import('../../backup/index.ts');
  const manifest = await createBackup({
    dataDir: context.dataDir(),
    database: options.database ?? (io.env['SPILLWAY_DATABASE'] || null),
    file,
    key,
    now,
    version: commands.version,
  });
  await context.show({ file, encrypted: key !== null, ...told(manifest) }, () => [
    [span('backed up and proved: ', 'good'), span(file)],
    ...linesOf(manifest),
    ...(key === null
      ? [[span('not encrypted: it holds keys and secrets for everybody to read', 'warn')]]
      : []),
  ]);
  return EXIT.ok;
}

async function verify(context: Context, named: string, options: KeyOptions): Promise<ExitCode> {
  const { io } = context;
  const file = resolve(io.cwd, named);
  const key = await givenKey(io, options);
  const { verifyBackup } = await import('../../backup/index.ts');
  const manifest = await verifyBackup(file, key);
  await context.show({ file, ...told(manifest) }, () => [
    [span('proved: ', 'good'), span('this backup can be restored')],
    ...linesOf(manifest),
  ]);
  return EXIT.ok;
}

/** What a backup holds, without the list of all its files. */
function told({ made, spillway, store, parts }: Manifest) {
  const { checkpoint: _checkpoint, ...audit } = store;
  return { made, spillway, ...audit, parts: parts.length, holds: groupsOf(parts) };
}

/** How many files of each kind: of `secrets/A` and `secrets/B` two `secrets`. */
function groupsOf(parts: Manifest['parts']): Readonly<Record<string, number>> {
  const groups: Record<string, number> = {};
  for (const { kind, name } of parts) {
    const group = name.split('/')[0] ?? name;
    if (kind !== 'folder') groups[group] = (groups[group] ?? 0) + 1;
  }
  return groups;
}

const linesOf = ({ made, spillway, store, parts }: Manifest): readonly Line[] => [
  [span(`made ${made.replace(/\.\d+Z$/, 'Z')} by Spillway ${spillway}`, 'dim')],
  [span(`${count(store.events)} events, ${count(store.size)} audit entries, root ${store.root}`)],
  [
    span(
      Object.entries(groupsOf(parts))
        .map(([group, files]) => (group.includes('.') ? group : `${group} (${count(files)})`))
        .join(', '),
    ),
  ],
];
