import type { Define } from '../context.ts';
import { withLane, type LaneOptions } from '../select.ts';
import { steer } from '../steer.ts';

export const define: Define = (command, context) =>
  void withLane(command)
    .argument('[deployment]', 'its id or the end of it (default: the one under way)')
    .option('--reason <text>', 'why; kept in the audit log')
    .addHelpText('after', '\nTraffic returns to the version before.')
    .action(
      context.run((id: string | undefined, { reason, ...lane }: LaneOptions & { readonly reason?: string }) =>
        steer(context, 'abort', id, lane, { reason }),
      ),
    );
