import type { HealthReport } from '../../engine/control-plane.ts';
import type { Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import type { Style } from '../render/style.ts';
import { table } from '../render/table.ts';
import { span } from '../render/text.ts';

const STYLES: Record<HealthReport['status'], Style> = { healthy: 'good', degraded: 'warn', unhealthy: 'bad' };

export const define: Define = (command, context) =>
  void command.addHelpText('after', '\nEnds with 1 when the server is unhealthy or not running.').action(
    context.run(async () => {
      const report = await context.client().get<HealthReport & { readonly version: string }>('/health');
      const parts = Object.entries(report.subsystems);
      await context.show(report, () => [
        [span(`spillway ${report.version} is `), span(report.status, STYLES[report.status])],
        ...(parts.length === 0 ? [] : [[]]),
        ...(parts.length === 0
          ? []
          : table<(typeof parts)[number]>(
              [
                { title: 'part', cell: ([name]) => name },
                {
                  title: 'status',
                  cell: ([, { status }]) => status,
                  style: ([, { status }]) => STYLES[status],
                },
                { title: 'why', cell: ([, { reason }]) => reason },
              ],
              parts,
            )),
      ]);
      return report.status === 'unhealthy' ? EXIT.failed : EXIT.ok;
    }),
  );
