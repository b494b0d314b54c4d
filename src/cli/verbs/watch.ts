import type { Define } from '../context.ts';
import { exitOfOutcome } from '../exit.ts';
import { followDeployment } from '../follow.ts';
import { chooseDeployment, withLane, type LaneOptions } from '../select.ts';
import { durationOf } from '../wait.ts';

interface Options extends LaneOptions {
  readonly untilDone?: true;
  readonly timeout: string;
}

export const define: Define = (command, context) =>
  void withLane(command)
    .argument('[deployment]', 'its id or the end of it (default: the one under way, else the newest)')
    .option('--until-done', 'end when it is live or has ended; the exit code tells which')
    .option('--timeout <duration>', 'how long to watch, as in 90s, 10m, 2h', '24d')
    .action(
      context.run(async (id: string | undefined, { untilDone, timeout, ...lane }: Options) => {
        const { id: found } = await chooseDeployment(context.client(), id, lane, 'ended too');
        const until = untilDone ? 'live' : 'ended';
        return exitOfOutcome(await followDeployment(context, found, until, durationOf(timeout, '--timeout')));
      }),
    );
