/**
 * The replica that looks at most rollouts is frozen (SIGSTOP) in their middle for longer than its lease, and goes on where it was
 * (SIGCONT). The others take its work over when its lease ends; what it does when it wakes comes under fences that are old by then.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import { slowest } from './support/fleet.ts';
import { none, number } from './support/figures.ts';
import { withFleet } from './support/script.ts';

const SECONDS = number('SECONDS', 20);
const RATE = number('RATE', 3);
const WARM_UP_MS = 12_000;
const THAWED_MS = 10_000;
/** A lease of 15 s and a beat of the one who finds it out, and as long as after a kill. */
const URGENT_MS = 15_000 + 1000 + 3000;
const PATIENCE_MS = 60_000;

await withFleet('stop', { applications: Math.ceil(RATE * 8) }, async (fleet, say) => {
  await fleet.start(3);
  fleet.deploy(RATE);
  await sleep(WARM_UP_MS);
  const frozen = fleet.busiest();
  fleet.goesAway(frozen);
  frozen.signal('SIGSTOP');
  const frozenAt = Date.now();
  say(`${frozen.pid} is frozen with ${fleet.interrupted.length} things under way`);
  await sleep(SECONDS * 1000);
  const thawedAt = Date.now();
  frozen.signal('SIGCONT');
  say(`${frozen.pid} goes on after ${thawedAt - frozenAt} ms`);
  await sleep(THAWED_MS);
  await fleet.stopDeploying();
  const account = await fleet.account(PATIENCE_MS);
  const urgent = fleet.interrupted.filter((one) => one.urgent);
  const thawed = fleet.world.sets.filter(({ by, at }) => by === frozen.pid && at >= thawedAt);
  const old = thawed.filter(({ fence, newest }) => fence < newest);
  report('faults-stop', [
    { what: 'frozen for', unit: 'ms', value: thawedAt - frozenAt },
    { what: 'rollouts and rollbacks that it had under way', unit: '', value: urgent.length },
    {
      what: 'longest until the judge or a rollback went on elsewhere',
      unit: 'ms',
      value: slowest(fleet.interrupted),
      bar: { on: 'value', atMost: URGENT_MS },
    },
    { what: 'routings that it asked for once it went on', unit: '', value: thawed.length },
    { what: 'of them under an old fence, all refused', unit: '', value: old.length },
    none('of them accepted', old.filter(({ accepted }) => accepted).length),
    ...account,
  ]);
});
