import { resolve } from 'node:path';
import type { StorePlace } from '../../backup/index.ts';
import { SpillwayError } from '../../core/errors.ts';
import { count } from '../../views/words.ts';
import type { Context, Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { span } from '../render/text.ts';

export const define: Define = (command, context) => {
  command
    .command('copy')
    .summary('copy a whole store: from a folder to PostgreSQL, and back')
    .description('Copy a whole store that no server uses into an empty one, and prove the copy.')
    .requiredOption('--from <place>', 'a data folder, or postgres://user@host/name')
    .requiredOption('--to <place>', 'likewise; without a store, or with an empty one')
    .addHelpText('after', '\nKeys, secrets and repositories are no part of it: they stay in the data folder.')
    .action(context.run((options: { from: string; to: string }) => copy(context, options)));
  command
    .command('migrate')
    .summary('bring a store to the present form')
    .description('Bring a store to the present form, as "up" does when it starts.')
    .option('--database <url>', 'the one in PostgreSQL (or SPILLWAY_DATABASE), not that of the data folder')
    .option('--check', 'only say which form it has; ends with 1 when it is not the present one')
    .action(
      context.run((options: { database?: string; check?: boolean }) =>
        migrate(context, options.database, options.check === true),
      ),
    );
};

function placeOf({ io }: Context, said: string): StorePlace {
  if (/^postgres(ql)?:\/\//.test(said)) return { kind: 'database', url: said };
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(said)) return { kind: 'folder', dir: resolve(io.cwd, said) };
  throw new SpillwayError('config_invalid', 'a store is in a folder or in PostgreSQL', {
    hint: 'Name the data folder, or postgres://user@host/name',
  });
}

async function copy(context: Context, { from, to }: { from: string; to: string }): Promise<ExitCode> {
  const { copyStore } = await import('../../backup/index.ts');
  const { sums, log } = await copyStore(placeOf(context, from), placeOf(context, to));
  const tables = Object.fromEntries(sums.map(({ table, rows }) => [table, rows]));
  await context.show({ tables, size: log.size, root: log.root }, () => [
    [span('copied and proved', 'good')],
    ...sums.map(({ table, rows }) => [span(`  ${table.padEnd(14)}${count(rows)}`)]),
    [span(`${count(log.size)} audit entries, root ${log.root}`)],
  ]);
  return EXIT.ok;
}

async function migrate(context: Context, named: string | undefined, check: boolean): Promise<ExitCode> {
  const { migrateStore } = await import('../../backup/index.ts');
  const url = named ?? context.io.env['SPILLWAY_DATABASE'];
  const place: StorePlace =
    url === undefined || url === '' ? { kind: 'folder', dir: context.dataDir() } : { kind: 'database', url };
  const { from, to } = await migrateStore(place, check);
  await context.show({ from, to, migrated: !check && from < to }, () => [
    from === to
      ? [span(`form ${to}, which is the present one`, 'good')]
      : check
        ? [span(`form ${from}; the present one is ${to}: spillway store migrate`, 'warn')]
        : [span(`brought from form ${from} to form ${to}`, 'good')],
  ]);
  return check && from < to ? EXIT.failed : EXIT.ok;
}
