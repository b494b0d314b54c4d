/**
 * The demo as its own benchmark: whole runs for the figures of its story, and runs of the good release alone for false alarms.
 * About 30 minutes; RUNS=1 plays one whole run and one of v2 alone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { median, report, type Measured } from './lib/report.ts';

const WHOLE_RUNS = 5;
const GOOD_RUNS = 20;
const LONGEST_MS = 420_000;

const demo = join(import.meta.dirname, '..', 'demo');
const reportFile = join(demo, 'out', 'report.json');

/** What the demo leaves in `out/report.json`, as far as it is looked at here. */
interface Report {
  readonly releases: ReadonlyArray<{
    readonly version: string;
    readonly outcome: string;
    readonly decision_s: number;
    readonly canary_requests: number;
    readonly traffic_zero_ms: number | null;
  }>;
  readonly dropped: number;
  readonly restart_dropped: number | null;
  readonly first_rollback_s: number | null;
  readonly duration_s: number;
  readonly ready_ms: number;
  readonly rest_mb: number;
}

/** @throws when a run has come to no report, with what it said last */
function play(...args: readonly string[]): Report {
  rmSync(reportFile, { force: true });
  const { stdout, stderr } = spawnSync(process.execPath, [join(demo, 'run.ts'), ...args], {
    encoding: 'utf8',
    timeout: LONGEST_MS,
    env: { ...process.env, KEEP: '', NO_COLOR: '1' },
  });
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  } catch {
    throw new Error(`the demo came to no report:\n${`${stdout}${stderr}`.slice(-2000)}`);
  }
}

function playMany(runs: number, what: string, ...args: readonly string[]): readonly Report[] {
  return Array.from({ length: runs }, (_, index) => {
    const one = play(...args);
    const outcomes = one.releases.map(({ version, outcome }) => `${version} ${outcome.replace('_', ' ')}`);
    console.log(`demo: ${what} ${index + 1} of ${runs}, ${one.duration_s} s: ${outcomes.join(', ')}`);
    return one;
  });
}

const asked = process.env['RUNS'];
const [wholeRuns, goodRuns] = asked === undefined ? [WHOLE_RUNS, GOOD_RUNS] : [Number(asked), Number(asked)];
if (asked !== undefined)
  console.log(
    `demo: shortened by RUNS=${asked} (${WHOLE_RUNS} whole runs and ${GOOD_RUNS} of v2 are the measure)`,
  );

const whole = playMany(wholeRuns, 'whole run');
const good = playMany(goodRuns, 'v2 alone', '--only', 'v2');

const releasesOf = (reports: readonly Report[], name: string) =>
  reports.flatMap(({ releases }) => releases.filter(({ version }) => version === name));
const zeros = whole.flatMap(({ releases }) =>
  releases.flatMap(({ traffic_zero_ms: ms }) => (ms === null ? [] : [ms])),
);
const all = [...whole, ...good];
const falseAlarms = releasesOf(good, 'v2').filter(({ outcome }) => outcome !== 'completed').length;
const detected = releasesOf(whole, 'v3').filter(({ outcome }) => outcome === 'rolled_back').length;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const atMost = (what: string, unit: string, value: number, bar?: number): Measured => ({
  what,
  unit,
  value,
  ...(bar === undefined ? {} : { bar: { on: 'value', atMost: bar } }),
});

report('demo', [
  { what: 'v3 rolled back', unit: 'runs', value: detected, bar: { on: 'value', atLeast: wholeRuns } },
  atMost('v3: canary requests until detected, median', 'requests', medianOf('v3', 'canary_requests'), 400),
  atMost('v2: push to 100%, median', 's', medianOf('v2', 'decision_s'), 60),
  atMost('verdict to 0% traffic, median', 'ms', median(zeros), 50),
  atMost('verdict to 0% traffic, largest', 'ms', Math.max(...zeros), 500),
  atMost('requests dropped, all runs', 'requests', sum(all.map(({ dropped }) => dropped)), 0),
  atMost(
    'requests dropped around SIGKILL, all runs',
    'requests',
    sum(whole.map(({ restart_dropped: dropped }) => dropped ?? 0)),
    0,
  ),
  atMost('false alarms, v2 alone', `of ${goodRuns}`, falseAlarms, 1),
  atMost('first rollback, median', 's', median(whole.map((one) => one.first_rollback_s ?? Infinity)), 90),
  atMost('whole story, median', 's', median(whole.map((one) => one.duration_s)), 240),
  atMost('spillway up to ready, median', 'ms', median(all.map((one) => one.ready_ms)), 1000),
  atMost('memory of the server at rest, median', 'MB', median(all.map((one) => one.rest_mb)), 180),
]);

function medianOf(name: string, figure: 'canary_requests' | 'decision_s'): number {
  return median(releasesOf(whole, name).map((release) => release[figure]));
}
