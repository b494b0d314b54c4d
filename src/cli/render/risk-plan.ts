import {
  LEAST_ERROR_RATE,
  type Offer,
  type PlannedStep,
  type PresentTraffic,
  type RolloutPlan,
  type TooLow,
} from '../../judge/index.ts';
import { count, lasting } from '../../views/words.ts';
import { blank, span, type Line } from './text.ts';
import { table } from './table.ts';

/** A plan from a risk budget, for people. */
export function riskPlanLines(name: string, plan: RolloutPlan): readonly Line[] {
  const { budget, traffic, steps } = plan;
  const ratios = steps[0]?.found.map(({ ratio }) => ratio) ?? [];
  const rate = `${few(traffic.requestsPerSecond)} requests/s, ${errorsOf(traffic)}`;
  return [
    [span(name, 'bold'), span(`   a risk budget of ${count(budget)} requests at ${rate}`)],
    blank,
    ...table<PlannedStep>(
      [
        { title: 'weight', align: 'right', cell: ({ share }) => `${few(share * 100)}%` },
        { title: 'at least', align: 'right', cell: ({ minMs }) => about(minMs) },
        { title: 'at most', align: 'right', cell: ({ maxMs }) => about(maxMs) },
        ...ratios.map((ratio) => ({
          title: `${ratio}x found in`,
          align: 'right' as const,
          cell: (step: PlannedStep) => foundIn(step, ratio),
        })),
        { title: 'until', cell: ({ purpose }) => UNTIL[purpose] },
      ],
      steps,
    ),
    [span('found in: median, and in 9 of 10 cases, of what begins with the step', 'dim')],
    blank,
    [span('user requests that meet a version bad from its start, until its traffic is gone', 'dim')],
    ...plan.exposures.map(({ ratio, median, p90, withinBudget }): Line => [
      span(`${String(ratio).padStart(5)}x  `),
      span(median === null ? 'never found' : `${count(median)}, 9 of 10 at most ${count(p90 ?? median)}`),
      span(withinBudget ? '   within the budget' : '   over the budget', withinBudget ? 'good' : 'warn'),
    ]),
    blank,
    kept(plan),
    [span(expectation(plan))],
    ...(plan.tooLow === null ? [] : [blank, ...tooLowLines(plan.tooLow)]),
  ];
}

const errorsOf = ({ errorRate }: PresentTraffic): string =>
  errorRate >= LEAST_ERROR_RATE
    ? `${few(errorRate * 100)}% errors`
    : `${few(errorRate * 100)}% errors (reckoned as ${few(LEAST_ERROR_RATE * 100)}%)`;

const UNTIL: Readonly<Record<PlannedStep['purpose'], string>> = {
  broken: 'a dead version would be found',
  bad: '5 times the errors would be found, 9 of 10',
  certificate: 'a healthy version has its certificate',
  all: 'it is over',
};

function foundIn({ found }: PlannedStep, ratio: number): string {
  const detection = found.find((one) => one.ratio === ratio)?.detection;
  return detection ? `${about(detection.medianMs)}, ${about(detection.p90Ms)}` : '-';
}

function kept({ keptFrom, budget }: RolloutPlan): Line {
  return keptFrom === null
    ? [
        span(
          `No version that was tried keeps to ${count(budget)} requests: the judge needs more of them.`,
          'warn',
        ),
      ]
    : [span(`The budget is kept by versions that fail ${keptFrom} times as often, and worse ones.`)];
}

const expectation = ({ certifiedMs, totalMs }: RolloutPlan): string =>
  certifiedMs === null
    ? 'A healthy version is never certified at this traffic.'
    : `A healthy version is certified after ${about(certifiedMs)}, and done after ${about(totalMs)}.`;

function tooLowLines({ certifiedMs, doublingMs, offers }: TooLow): Line[] {
  const time = (ms: number | null) => (ms === null ? 'never' : `after ${about(ms)}`);
  const what = `a certificate comes ${time(certifiedMs)}, twice the errors are found ${time(doublingMs)}`;
  return [
    [span('The traffic is too low to decide: ', 'bad'), span(what)],
    ...offers.map((offer): Line => [span(`  - ${offered(offer)}`)]),
  ];
}

function offered(offer: Offer): string {
  switch (offer.kind) {
    case 'equal-shares':
      return `equal shares of both versions: a certificate after ${about(offer.certifiedMs ?? 0)}, twice the errors after ${about(offer.doublingMs ?? 0)}`;
    case 'longer-steps':
      return `longer steps: ${about(offer.stepMs)}`;
    case 'synthetic-traffic':
      return `test traffic, labelled as such: ${few(offer.requestsPerSecond)} requests/s more`;
    case 'error-kind-tripwire':
      return 'an exception never seen on stable as the sign of harm';
    case 'person':
      return 'a person who decides: spillway canary compare, then promote';
  }
}

/** Two significant digits; whole from 10 on. */
const few = (n: number): string => (n >= 10 ? count(n) : String(Number(n.toPrecision(2))));

/** The two largest units: `1h 35m`. */
const about = (ms: number): string =>
  lasting(ms < 1000 ? ms : Math.round(ms / 1000) * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ');
