import { DEFAULT_SETTINGS, type JudgeRule, type JudgeSettings } from '../../src/judge/index.ts';
import type { Rollout } from './run.ts';
import {
  dead,
  failing,
  failingAmongLoopers,
  failingAndCold,
  healthy,
  slower,
  slowerAndCold,
} from './scenarios.ts';
import type { Scenario } from './stream/scenario.ts';

/** One figure of the table: a rollout that is played with so many seeds. */
export interface Cell extends Rollout {
  /** Also the name of the file with its results. */
  readonly id: string;
  readonly judge: JudgeName;
  /** Whether both arms are the same code, so that every response is a false one. */
  readonly healthy: boolean;
  /** Runs that its claim needs. */
  readonly runs: number;
}

/** The plain rules, and the sequential judge as it is or with one thing otherwise. */
export type JudgeName = JudgeRule | keyof typeof VARIANTS;

const VARIANTS = {
  untempered: { tempering: 'off' },
  strict: { certificate: 'strict' },
  'errors alone': { latency: false },
  'counted by request': { unit: 'request' },
} satisfies Readonly<Record<string, Partial<JudgeSettings>>>;

const HALF_HOUR = 1800;
const DAY = 86_400;
/** What a rate of 1% needs, and one of 0.1%. */
const RUNS = 1000;
const MANY_RUNS = 3000;
const RATES = [0.01, 0.005, 0.001] as const;
/** As long as the dispersion of the stable instances is known before a rollout. */
const HISTORY = 1800;

const PEERS: readonly JudgeRule[] = ['fixed', 'consecutive', 'mann_whitney'];

const settingsOf = (judge: JudgeName, seconds: number): JudgeSettings => ({
  ...DEFAULT_SETTINGS,
  plannedTicks: seconds,
  ...(judge in VARIANTS ? VARIANTS[judge as keyof typeof VARIANTS] : { rule: judge as JudgeRule }),
});

/** Settings of the whole rollout, warm-up and all, as a user has them. */
function falseAlarms(
  scenario: Scenario,
  judge: JudgeName,
  seconds: number,
  runs: number,
  unit: 'request' | 'client' = 'request',
): Cell {
  const span = seconds === DAY ? '24h' : '30min';
  return {
    id: idOf(`${scenario.name} ${judge} ${span}`),
    scenario,
    judge,
    settings: { ...settingsOf(judge, seconds), warmUpMs: 'auto', unit },
    seconds,
    historySeconds: HISTORY,
    healthy: true,
    runs,
  };
}

/** The warm-up is left out, so that canary requests are those that count; its length comes on top. */
function detection(scenario: Scenario, judge: JudgeName): Cell {
  return {
    id: idOf(`${scenario.name} ${judge}`),
    scenario,
    judge,
    settings: {
      ...settingsOf(judge, HALF_HOUR),
      warmUpMs: 0,
      unit: scenario.loopers === undefined ? 'request' : 'client',
    },
    seconds: 2 * HALF_HOUR,
    historySeconds: HISTORY,
    healthy: false,
    runs: RUNS,
  };
}

const certificate = (scenario: Scenario, judge: 'sequential' | 'strict', isHealthy: boolean): Cell => ({
  ...detection(scenario, judge),
  id: idOf(`certificate ${scenario.name} ${judge}`),
  seconds: HALF_HOUR,
  until: 'certificate',
  healthy: isHealthy,
});

const idOf = (text: string) =>
  text
    .replaceAll('%', 'pc')
    .replaceAll(/[^A-Za-z0-9.]+/g, '-')
    .toLowerCase();

/** A good release that goes at the judge's pace, with its warm-up, and what Spillway takes for good enough in itself. */
const goodRelease = falseAlarms(healthy.steady(0.01), 'sequential', HALF_HOUR, RUNS);
const paced: Cell = {
  ...goodRelease,
  id: 'pace-evidence-steady-1pc',
  settings: { ...goodRelease.settings, acceptableErrorRate: 0.005 },
  until: 'completed',
  paced: true,
};

/** Bad releases that start cold, with the warm-up that is found: whether slower ones ever come to 100%, and when errors are shown. */
const coldAndBad: readonly Cell[] = [
  ...[slowerAndCold(0.2, 0.5), slowerAndCold(0.2, 1)].map((scenario): Cell => ({
    ...falseAlarms(scenario, 'sequential', HALF_HOUR, RUNS),
    id: idOf(`pace-evidence ${scenario.name}`),
    healthy: false,
    until: 'completed',
    paced: true,
  })),
  { ...falseAlarms(failingAndCold(), 'sequential', HALF_HOUR, RUNS), healthy: false },
];

/** Every stream of identical code, for a day at three error rates. */
const days: readonly Cell[] = RATES.flatMap((rate) => [
  falseAlarms(healthy.steady(rate), 'sequential', DAY, MANY_RUNS),
  falseAlarms(healthy.drift(rate), 'sequential', DAY, MANY_RUNS),
  falseAlarms(healthy.bursts(rate), 'sequential', DAY, MANY_RUNS),
  falseAlarms(healthy.sticky(rate, 20), 'sequential', DAY, MANY_RUNS, 'client'),
  falseAlarms(healthy.cold(rate, 0.5), 'sequential', DAY, MANY_RUNS),
]);

/** The same and more for half an hour, where other judges can be seen too. */
const halfHours: readonly Cell[] = [
  ...[
    ...RATES.map(healthy.bursts),
    healthy.retries(),
    healthy.badInstances(),
    healthy.lingering(),
    healthy.pauses(),
    healthy.rarePauses(10),
    healthy.rarePauses(60),
    healthy.alonePauses(),
    healthy.outages(),
    healthy.slowInstances(),
  ].flatMap((scenario) => [
    falseAlarms(scenario, 'untempered', HALF_HOUR, RUNS),
    falseAlarms(scenario, 'sequential', HALF_HOUR, RUNS),
  ]),
  ...[healthy.steady(0.01), healthy.drift(0.01), healthy.diurnal(0.01), healthy.lowTraffic(0.01)].map(
    (scenario) => falseAlarms(scenario, 'sequential', HALF_HOUR, RUNS),
  ),
  falseAlarms(healthy.cold(0.01, 0.3), 'sequential', HALF_HOUR, RUNS),
  falseAlarms(healthy.cold(0.01, 0.5), 'sequential', HALF_HOUR, RUNS),
  falseAlarms(healthy.coldLine(), 'sequential', HALF_HOUR, RUNS),
  falseAlarms(healthy.coldCliff(), 'sequential', HALF_HOUR, RUNS),
  ...[20, 100].flatMap((clients) => [
    falseAlarms(healthy.sticky(0.01, clients), 'sequential', HALF_HOUR, RUNS, 'client'),
    falseAlarms(healthy.sticky(0.01, clients), 'counted by request', HALF_HOUR, RUNS),
  ]),
];

const regressions: readonly Cell[] = [
  detection(failing(0.01, 1.5), 'sequential'),
  detection(failing(0.01, 2), 'sequential'),
  detection(failing(0.005, 5), 'sequential'),
  detection(failing(0.001, 20), 'sequential'),
  detection(failing(0.005, 5), 'errors alone'),
  detection(failing(0.001, 20), 'errors alone'),
  detection(dead(20), 'sequential'),
  detection(dead(200), 'sequential'),
  { ...detection(slower(0.2), 'sequential'), warnings: true },
  { ...detection(failing(0.005, 5, 900), 'sequential'), onsetSecond: 900 },
  detection(failingAmongLoopers(0.01, 20), 'sequential'),
  detection(failingAmongLoopers(0.01, 100), 'sequential'),
];

const certificates: readonly Cell[] = [
  certificate(healthy.steady(0.01), 'sequential', true),
  certificate(healthy.steady(0.01), 'strict', true),
  certificate(failing(0.01, 2), 'sequential', false),
  certificate(failing(0.01, 2), 'strict', false),
];

const peers: readonly Cell[] = PEERS.flatMap((judge) => [
  falseAlarms(healthy.steady(0.01), judge, HALF_HOUR, RUNS),
  falseAlarms(healthy.steady(0.001), judge, HALF_HOUR, RUNS),
  falseAlarms(healthy.drift(0.01), judge, HALF_HOUR, RUNS),
  falseAlarms(healthy.bursts(0.01), judge, HALF_HOUR, RUNS),
  falseAlarms(healthy.sticky(0.01, 20), judge, HALF_HOUR, RUNS),
  falseAlarms(healthy.cold(0.01, 0.5), judge, HALF_HOUR, RUNS),
  detection(failing(0.01, 2), judge),
  detection(failing(0.005, 5), judge),
  detection(failing(0.001, 20), judge),
  detection(slower(0.2), judge),
]);

/** In the order in which they are computed. */
export const CELLS: readonly Cell[] = [
  ...regressions,
  ...certificates,
  paced,
  ...coldAndBad,
  ...halfHours,
  ...peers,
  ...days,
];
