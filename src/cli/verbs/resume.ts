import type { Define } from '../context.ts';
import { withLane, type LaneOptions } from '../select.ts';
import { steer } from '../steer.ts';

export const define: Define = (command, context) =>
  void withLane(command)
    .argument('[deployment]', 'its id or the end of it (default: the one under way)')
    .action(
      context.run((id: string | undefined, lane: LaneOptions) => steer(context, 'resume', id, lane, {})),
    );
