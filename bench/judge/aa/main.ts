/**
 * A canary of the very code that it is compared with, on the real edge and real processes, beside looping clients and from a cold
 * start: every response of the judge is a false one. MINUTES=n, an hour unless told. Writes docs/judge/aa.json and aa.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JudgeRecord } from '../../../src/views/judge/record.ts';
import { markdownTable } from '../table.ts';
import { Twins } from './twins.ts';
import { LOOPING_CLIENTS, Users } from './users.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'judge');
const minutes = Number(process.env['MINUTES'] ?? 60);
const MINUTE_MS = 60_000;
/** Before the release: the stable version is warm, and its visitors are known. */
const BEFORE_MS = Math.min(minutes, 3) * MINUTE_MS;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What is kept of a run. */
interface Result {
  readonly commit: string;
  readonly minutes: number;
  readonly looping_clients: number;
  readonly canary: Arm;
  readonly stable: Arm;
  readonly dropped: number;
  readonly false_retreats: number;
  readonly false_rollbacks: number;
  /** Each change of the judge's mind, in seconds since the canary's first traffic. */
  readonly verdicts: ReadonlyArray<{
    readonly s: number;
    readonly verdict: string;
    readonly rule: string;
    readonly response: string | null;
  }>;
}

interface Arm {
  readonly requests: number;
  readonly errors: number;
}

async function run(twins: Twins): Promise<Result> {
  await twins.release('first', 'deployment.completed');
  const users = new Users(twins.url);
  try {
    await pause(BEFORE_MS);
    const id = await twins.release('second', 'weight');
    console.log(`judge-aa: ${id} serves beside its twin, for ${minutes} minutes`);
    const path = `/api/v1/deployments/${id}/judge`;
    for (let minute = 1; minute <= minutes; minute++) {
      await pause(MINUTE_MS);
      tell(minute, await twins.client.get<JudgeRecord>(path));
    }
    return resultOf(await twins.client.get<JudgeRecord>(path), users.dropped);
  } finally {
    await users.stop();
  }
}

function tell(minute: number, { latest, verdicts, ticks }: JudgeRecord): void {
  const { verdict, reason } = latest ?? verdicts.at(-1) ?? { verdict: 'nothing', reason: '' };
  console.log(`judge-aa: minute ${minute}, ${ticks.length} ticks: ${verdict}, ${reason}`);
}

function resultOf({ started_at: startedAt, verdicts, ticks }: JudgeRecord, dropped: number): Result {
  const sumOf = (arm: 'canary' | 'baseline'): Arm => ({
    requests: ticks.reduce((sum, tick) => sum + tick[arm].requests, 0),
    errors: ticks.reduce((sum, tick) => sum + tick[arm].errors, 0),
  });
  const times = (wanted: string) => verdicts.filter(({ response }) => response === wanted).length;
  return {
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    minutes,
    looping_clients: LOOPING_CLIENTS,
    canary: sumOf('canary'),
    stable: sumOf('baseline'),
    dropped,
    false_retreats: times('retreat'),
    false_rollbacks: times('rollback'),
    verdicts: verdicts.map(({ at, verdict, rule, response }) => ({
      s: Math.round((at - startedAt) / 1000),
      verdict,
      rule,
      response,
    })),
  };
}

function write(result: Result): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'aa.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  const { canary, stable } = result;
  const text = `# The same code beside itself

Written by \`make judge-aa\`: ${result.minutes} minutes on the real edge and real processes at commit ${result.commit}. Both arms run the same
code; the canary starts cold (half as slow again, falling within minutes), and ${LOOPING_CLIENTS} looping clients make half of the errors. Errors count
once per client. Whatever the judge finds is chance.

${markdownTable(
  ['', 'canary', 'stable'],
  [
    ['requests', String(canary.requests), String(stable.requests)],
    ['errors', String(canary.errors), String(stable.errors)],
  ],
)}

${markdownTable(
  ['what', 'times'],
  [
    ['false retreat', String(result.false_retreats)],
    ['false rollback', String(result.false_rollbacks)],
    ['request without an answer', String(result.dropped)],
  ],
)}

${verdictsIn(result)}
`;
  writeFileSync(join(FOLDER, 'aa.md'), text);
}

const verdictsIn = ({ verdicts }: Result) =>
  verdicts.length === 0
    ? 'The judge said the same all the time: nothing against the canary.'
    : markdownTable(
        ['second', 'verdict', 'rule', 'response'],
        verdicts.map(({ s, verdict, rule, response }) => [String(s), verdict, rule, response ?? 'none']),
      );

const twins = await Twins.build();
try {
  const result = await run(twins);
  write(result);
  console.log(
    `judge-aa: ${result.minutes} minutes, ${result.canary.requests} canary requests:`,
    `${result.false_retreats} false retreats, ${result.false_rollbacks} false rollbacks`,
  );
  if (result.false_rollbacks > 0) process.exitCode = 1;
} finally {
  await twins.tearDown();
}
