import type { Why } from '../../views/why.ts';
import type { Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { whyLines } from '../render/why.ts';
import { chooseDeployment, withLane, type LaneOptions } from '../select.ts';

/** Longer lines are hard to read. */
const WIDEST = 100;

export const define: Define = (command, context) =>
  void withLane(command)
    .argument('[deployment]', 'its id or the end of it (default: the one under way, else the newest)')
    .action(
      context.run(async (id: string | undefined, lane: LaneOptions) => {
        const client = context.client();
        const { id: found } = await chooseDeployment(client, id, lane, 'ended too');
        const why = await client.get<Why>(`/api/v1/deployments/${found}/why`);
        const { canvas } = context;
        await context.show(why, () => whyLines(why, { ...canvas, width: Math.min(canvas.width, WIDEST) }));
        return EXIT.ok;
      }),
    );
