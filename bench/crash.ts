/**
 * kill -9 at every persisted transition of a canary rollout and of a rollback, before and after it is written, on real parts under
 * load. About 10 minutes.
 */
import { describe, Matrix, objections, type Kind, type Tried } from '../test/scenarios/crash/matrix.ts';
import { report, type Measured } from './lib/report.ts';

const MOST_MS_TO_RESUME = 2000;

async function tryAll(kind: Kind): Promise<readonly Tried[]> {
  const matrix = await Matrix.build(kind);
  const tried: Tried[] = [];
  try {
    for (const point of matrix.points()) {
      const one = await matrix.tryAt(point);
      tried.push(one);
      const taken =
        one.resumedAfterSpawn === null ? 'nothing was left' : `${one.resumedAfterSpawn} ms to resume`;
      const resumed = one.killed ? taken : 'was not reached';
      console.log(`crash: ${kind} ${describe(one)}: ${resumed}`);
      for (const objection of objections(one)) console.log(`crash:   ${objection}`);
    }
    await matrix.scenario.proveAudit();
    return tried;
  } finally {
    await matrix.tearDown();
  }
}

const tried = [...(await tryAll('canary')), ...(await tryAll('rollback'))].filter(({ killed }) => killed);

const sum = (count: (one: Tried) => number) => tried.reduce((total, one) => total + count(one), 0);
const most = (of: (one: Tried) => number | null) => Math.max(...tried.map((one) => of(one) ?? 0));
const none = (what: string, value: number): Measured => ({
  what,
  unit: '',
  value,
  bar: { on: 'value', atMost: 0 },
});
report('crash', [
  { what: 'points at which the server was killed', unit: '', value: tried.length },
  {
    what: 'longest from its start anew until it resumed',
    unit: 'ms',
    value: most((one) => one.resumedAfterSpawn),
    bar: { on: 'value', atMost: MOST_MS_TO_RESUME },
  },
  {
    what: 'longest from being ready anew until it resumed',
    unit: 'ms',
    value: most((one) => one.resumedAfterReady),
  },
  none(
    'acknowledged events lost',
    sum((one) => one.lost.length),
  ),
  none(
    'effects doubled',
    sum((one) => one.doubled.length),
  ),
  none(
    'end states that differ',
    sum((one) => (one.endState.length > 0 ? 1 : 0)),
  ),
  none(
    'requests of users that failed',
    sum((one) => one.dropped),
  ),
]);
process.exit();
