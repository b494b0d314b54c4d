import type { StoredEvent } from '../../ports/store.ts';
import { shortId } from '../../views/ids.ts';
import { tell } from '../../views/sentence.ts';
import { utc } from '../../views/words.ts';
import { wholeNumber, type Define } from '../context.ts';
import { EXIT } from '../exit.ts';
import { table } from '../render/table.ts';
import { objectLines } from '../render/object.ts';
import { span } from '../render/text.ts';
import { TONES } from '../render/why.ts';
import { nameOf, withLane, type LaneOptions } from '../select.ts';

interface ListOptions extends LaneOptions {
  readonly deployment?: string;
  readonly limit: string;
}

export const define: Define = (command, context) => {
  withLane(
    command.command('list').summary('the newest events').description('The newest events, oldest first.'),
  )
    .option('--deployment <id>', 'of this deployment')
    .option('--limit <n>', 'at most so many', '50')
    .action(
      context.run(async ({ app, env, deployment, limit }: ListOptions) => {
        const { items } = await context
          .client()
          .get<{ readonly items: readonly StoredEvent[] }>('/api/v1/events', {
            application: app,
            environment: env,
            deployment,
            newest: true,
            limit: wholeNumber(limit, '--limit', 1, 1000),
          });
        const events = items.toReversed();
        await context.show(events, () =>
          events.length === 0 ? [[span('no events', 'dim')]] : eventTable(events),
        );
        return EXIT.ok;
      }),
    );
  command
    .command('explain')
    .summary('why an event led to what it led to')
    .description('Why an event led to what it led to: which triggers matched, and why the others did not.')
    .argument('<event>', 'its id')
    .action(
      context.run(async (id: string) => {
        const path = `/api/v1/events/${encodeURIComponent(id)}/explain`;
        const explanation = await context.client().get<object>(path);
        await context.show(explanation, () => objectLines(explanation));
        return EXIT.ok;
      }),
    );
};

const eventTable = (events: readonly StoredEvent[]) =>
  table<StoredEvent>(
    [
      { title: 'time', cell: ({ event }) => utc(event.at), style: () => 'dim' },
      { title: 'lane', cell: ({ lane }) => (lane ? nameOf(lane) : '-') },
      { title: 'deployment', cell: ({ deployment }) => (deployment ? shortId(deployment) : '-') },
      { title: 'actor', cell: ({ event }) => event.actor },
      { title: 'what', cell: ({ event }) => tell(event).text, style: ({ event }) => TONES[tell(event).tone] },
    ],
    events,
  );
