import type { Why } from '../../views/why.ts';
import { SpillwayError } from '../../core/errors.ts';
import type { Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { figureLines } from '../render/figures.ts';
import { blank, span, wrap } from '../render/text.ts';
import { chooseDeployment, nameOf, withLane, type LaneOptions } from '../select.ts';

export const define: Define = (command, context) =>
  void withLane(command.command('compare').summary('what the canary did beside stable over the same time'))
    .argument('[deployment]', 'its id or the end of it (default: the one under way)')
    .action(
      context.run(async (id: string | undefined, lane: LaneOptions) => {
        const client = context.client();
        const chosen = await chooseDeployment(client, id, lane, 'under way');
        const { evidence } = await client.get<Why>(`/api/v1/deployments/${chosen.id}/why`);
        const judged = evidence.findLast(({ figures }) => figures !== null);
        if (!judged?.figures)
          throw new SpillwayError('not_found', `deployment ${chosen.short} has no figures yet`, {
            where: `${nameOf(chosen)} ${chosen.version} is ${chosen.state}`,
            hint: `Follow it: spillway watch ${chosen.short}`,
          });
        const { figures, reason } = judged;
        await context.show({ deployment: chosen, reason, figures }, () => [
          [span(`${nameOf(chosen)} ${chosen.version}`, 'bold'), span(`   at ${judged.at}`, 'dim')],
          ...wrap(reason, context.canvas.width).map((text) => [span(text)]),
          blank,
          ...figureLines(figures, context.canvas),
        ]);
        return EXIT.ok;
      }),
    );
