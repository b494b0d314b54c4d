import type { PastDeployment, Proportion, Score } from '../../replay/index.ts';
import { count, lasting, plural } from '../../views/words.ts';
import { table } from './table.ts';
import { blank, span, wrap, type Line } from './text.ts';

/** What was learnt of the past. */
export interface Learnt {
  readonly deployments: readonly PastDeployment[];
  /** The best first. */
  readonly scores: readonly Score[];
  readonly daysBack: number;
  readonly withdrawnWithinMs: number;
}

/** The candidates beside each other, the recommended one, and how much the past can say. */
export function learntLines(lane: string, learnt: Learnt, width: number): readonly Line[] {
  const { deployments, scores, daysBack } = learnt;
  const [best] = scores;
  return [
    [
      span(lane, 'bold'),
      span(`   ${plural(deployments.length, 'deployment')} in ${plural(daysBack, 'day')}`, 'dim'),
    ],
    ...labelLines(learnt, width),
    blank,
    ...table<Score>(
      [
        {
          title: 'policy',
          cell: ({ candidate }) => candidate.name,
          style: (score) => (score === best ? 'good' : 'none'),
        },
        {
          title: 'good rolled back',
          align: 'right',
          cell: ({ falseRollbacks }) => proportion(falseRollbacks),
        },
        { title: 'bad promoted', align: 'right', cell: ({ missed }) => proportion(missed) },
        { title: 'undecided', align: 'right', cell: ({ undecided }) => count(undecided) },
        {
          title: 'exposed to bad',
          align: 'right',
          cell: ({ exposure }) => (exposure === null ? '-' : count(exposure)),
        },
        {
          title: 'good at 100%',
          align: 'right',
          cell: ({ promotedAfterMs }) => (promotedAfterMs === null ? '-' : lasting(promotedAfterMs)),
        },
      ],
      scores,
    ),
    blank,
    ...(best === undefined ? [] : recommendation(best)),
    blank,
    ...caveats(learnt).flatMap((text) => wrap(text, width).map((part) => [span(part, 'dim')])),
  ];
}

/** `0 of 24 (0-14%)`: what was, and what 95% confidence leaves possible. */
const proportion = ({ count: n, of, low, high }: Proportion): string =>
  of === 0 ? '-' : `${n} of ${of} (${Math.floor(100 * low)}-${Math.ceil(100 * high)}%)`;

function labelLines({ deployments, withdrawnWithinMs }: Learnt, width: number): readonly Line[] {
  const of = (label: PastDeployment['label']) => deployments.filter((one) => one.label === label).length;
  const unknown =
    of('unknown') === 0 ? '' : `; ${of('unknown')} came too lately to tell, and count for nothing`;
  const text = `Taken for bad: ${of('bad')}, which were gone within ${lasting(withdrawnWithinMs)} with an older version after them. Taken for good: ${of('good')}${unknown}.`;
  return wrap(text, width).map((part) => [span(part)]);
}

const recommendation = ({ candidate: { name, written } }: Score): readonly Line[] => [
  [span('recommended: ', 'bold'), span(name, 'good')],
  ...(written === null ? [] : [[span(`  canary: ${written}`)]]),
];

/** Fewer than these say little about a share of some percent. */
const FEW = 30;

function caveats({ deployments, scores }: Learnt): readonly string[] {
  const [best, second] = scores;
  const good = deployments.filter(({ label }) => label === 'good').length;
  const bad = deployments.filter(({ label }) => label === 'bad').length;
  const wrong = (score: Score) => score.falseRollbacks.count + score.missed.count;
  const tied = best !== undefined && second !== undefined && wrong(best) === wrong(second);
  return [
    'In brackets: the shares that 95% confidence leaves possible (Clopper-Pearson).',
    ...(bad === 0
      ? ['No bad release is among them, so nothing is known of what a policy would miss.']
      : bad < FEW || good < FEW
        ? [`${bad} bad and ${good} good ones are few: differences of one or two between policies are chance.`]
        : []),
    ...(tied ? ['The first ones decide equally well here; they differ in exposure and in time.'] : []),
    ...(scores.some(({ undecided }) => undecided > 0)
      ? [
          'Undecided: it would have paused for a person, or the versions served beside each other for too short a time.',
        ]
      : []),
    ...(best !== undefined && best.drawnAgain > 0.1
      ? [
          `${Math.round(100 * best.drawnAgain)}% of the canary's requests were drawn again, since it had fewer in the past: the true figures are less certain than these.`,
        ]
      : []),
  ];
}
