import { Option } from 'commander';
import { AUDIT_CATEGORIES, type AuditEvent } from '../../views/audit.ts';
import { exportAudit } from '../audit-export.ts';
import { verifyAudit, type Against } from '../audit-verify.ts';
import type { Context, Define } from '../context.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { Style } from '../render/style.ts';
import { table } from '../render/table.ts';
import { span, type Line } from '../render/text.ts';
import { withLane, type LaneOptions } from '../select.ts';

interface QueryOptions extends LaneOptions {
  readonly release?: string;
  readonly actor?: string;
  readonly from?: string;
  readonly to?: string;
  readonly deployment?: string;
  readonly category?: string;
}

export const define: Define = (command, context) => {
  withLane(command.command('query').summary('who did what').description('Who did what, oldest first.'))
    .option('--release <version>', 'about this version')
    .option('--actor <name>', 'by this person or machine')
    .option('--from <time>', 'from then on: 2026-11-20, or 2026-11-20T18:57:17Z')
    .option('--to <time>', 'until then')
    .option('--deployment <id>', 'of this deployment')
    .addOption(new Option('--category <category>', 'of this kind').choices([...AUDIT_CATEGORIES]))
    .action(context.run((options: QueryOptions) => query(context, options)));
  command
    .command('export')
    .summary('the whole log, with what proves it')
    .description(
      'The whole log with a signed checkpoint: with it anybody can prove that nothing was altered.',
    )
    .option('-f, --file <file>', 'write it there (default: standard output)')
    .action(context.run(({ file }: { readonly file?: string }) => exportAudit(context, file)));
  command
    .command('verify')
    .summary('prove that an export is whole and unaltered')
    .description('Prove that an export is whole and unaltered. It needs no server and trusts none.')
    .argument('<file>', 'the export; - for standard input')
    .option(
      '--key <file>',
      "the log's public key as you know it: without it, an export is held to its own key",
    )
    .option(
      '--since <export>',
      'an export that you kept earlier: this one must begin with it, so that nothing was cut off or rewritten since',
    )
    .action(context.run((file: string, against: Against) => verifyAudit(context, file, against)));
};

async function query(context: Context, { app, env, release, ...rest }: QueryOptions): Promise<ExitCode> {
  const client = context.client();
  const filter = { application: app, environment: env, version: release, ...rest };
  const items: AuditEvent[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: { readonly items: readonly AuditEvent[]; readonly next: number | null } = await client.get(
      '/api/v1/audit',
      { ...filter, after, limit: 1000 },
    );
    items.push(...page.items);
    after = page.next;
  }
  await context.show(items, () =>
    items.length === 0 ? [[span('nothing matches', 'dim')]] : auditTable(items),
  );
  return EXIT.ok;
}

const STYLES: Readonly<Record<string, Style>> = { failure: 'bad', warning: 'warn', success: 'good' };

const auditTable = (items: readonly AuditEvent[]): readonly Line[] =>
  table<AuditEvent>(
    [
      { title: 'time', cell: ({ timestamp }) => timestamp.replace(/\.\d+Z$/, 'Z'), style: () => 'dim' },
      { title: 'actor', cell: ({ actor }) => actor },
      { title: 'target', cell: ({ target }) => target },
      { title: 'version', cell: ({ version }) => version ?? '-' },
      { title: 'status', cell: ({ status }) => status, style: ({ status }) => STYLES[status] ?? 'dim' },
      { title: 'what', cell: ({ summary }) => summary },
    ],
    items,
  );
