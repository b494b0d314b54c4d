import { SpillwayError } from '../../core/errors.ts';
import { allToStable, edgeReport, type EdgeReport } from '../../edge/offline.ts';
import type { Routing } from '../../edge/routing.ts';
import { count, plural, share } from '../../views/words.ts';
import type { Define } from '../context.ts';
import { edgeIn } from '../discover.ts';
import { EXIT } from '../exit.ts';
import { table } from '../render/table.ts';
import { blank, span, type Line } from '../render/text.ts';

export const define: Define = (command, context) => {
  command
    .command('status')
    .summary('routes, weights and requests under way')
    .description('Routes, weights and requests under way, as the edge itself tells them. It needs no server.')
    .action(
      context.run(async () => {
        const report = await edgeReport(edgeIn(context.dataDir()));
        await context.show(report, () => reportLines(report));
        return report.alive ? EXIT.ok : EXIT.failed;
      }),
    );
  command
    .command('stable')
    .summary('send all traffic to the stable version')
    .description('Send all traffic to the stable version. It needs no server, no login and no database.')
    .argument('<percent>', 'the share of stable: 100')
    .option('--route <route>', 'only this one: APPLICATION/ENVIRONMENT (default: all)')
    .action(
      context.run(async (percent: string, { route }: { readonly route?: string }) => {
        if (!/^100%?$/.test(percent))
          throw new SpillwayError(
            'config_invalid',
            'without a judge, stable takes all of the traffic or none',
            {
              where: percent,
              hint: 'spillway edge stable 100',
            },
          );
        const routes = await allToStable(edgeIn(context.dataDir()), route);
        await context.show({ routes }, () => [
          ...routes.map((name): Line => [
            span(`${name}: `, 'bold'),
            span('all traffic goes to stable', 'good'),
          ]),
          [span('If the server runs, abort its rollout too: spillway abort', 'dim')],
        ]);
        return EXIT.ok;
      }),
    );
};

interface Row {
  readonly route: string;
  readonly arm: Routing['arms'][number];
  readonly inFlight: number | null;
}

function reportLines(report: EdgeReport): readonly Line[] {
  const rows = report.alive
    ? report.status.routes.flatMap(({ routing, arms }) =>
        arms.map((arm): Row => ({ route: routing.route, arm, inFlight: arm.inFlight })),
      )
    : report.kept.flatMap(({ routing }) =>
        routing.arms.map((arm): Row => ({ route: routing.route, arm, inFlight: null })),
      );
  const head: Line = report.alive
    ? [span('the edge runs', 'good'), span(`   process ${report.status.pid}`, 'dim')]
    : [span('the edge does not run', 'bad'), span('; these routes it will take up again', 'dim')];
  return [head, blank, ...(rows.length === 0 ? [[span('no routes', 'dim')]] : rowsTable(rows))];
}

const rowsTable = (rows: readonly Row[]): readonly Line[] =>
  table<Row>(
    [
      { title: 'route', cell: ({ route }) => route, style: () => 'bold' },
      { title: 'arm', cell: ({ arm }) => arm.arm },
      { title: 'version', cell: ({ arm }) => arm.version },
      {
        title: 'weight',
        cell: ({ arm }) => share(arm.weight),
        align: 'right',
        style: ({ arm }) => (arm.weight > 0 ? 'accent' : 'dim'),
      },
      { title: 'instances', cell: ({ arm }) => plural(arm.endpoints.length, 'instance') },
      {
        title: 'in flight',
        cell: ({ inFlight }) => (inFlight === null ? '-' : count(inFlight)),
        align: 'right',
      },
    ],
    rows,
  );
