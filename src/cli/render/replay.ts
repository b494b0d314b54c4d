import { outcomeText, type Comparison, type ReplayResult } from '../../replay/index.ts';
import { count, lasting, plural, rate } from '../../views/words.ts';
import { table } from './table.ts';
import { blank, padStart, span, widthOf, wrap, type Line } from './text.ts';
import type { Style } from './style.ts';
import { TONES } from './why.ts';

const STYLES: Readonly<Record<ReplayResult['outcome'], Style>> = {
  promoted: 'good',
  rolled_back: 'bad',
  undecided: 'warn',
};

/** What a policy would have done, step by step. */
export function replayLines(result: ReplayResult, width: number): readonly Line[] {
  const stamps = result.story.map(({ afterMs }) => lasting(afterMs));
  const stampWidth = Math.max(0, ...stamps.map(widthOf));
  return [
    ...result.story.flatMap(({ text, tone }, index) =>
      wrap(text, width - stampWidth - 4).map((part, row) => [
        span(`  ${padStart(row === 0 ? (stamps[index] ?? '') : '', stampWidth)}  `, 'dim'),
        span(part, TONES[tone]),
      ]),
    ),
    ...(result.untold > 0 ? [[span(`  and ${plural(result.untold, 'event')} more`, 'dim')]] : []),
    blank,
    [span(outcomeText(result), STYLES[result.outcome]), span(`: ${result.paused?.reason ?? result.reason}`)],
    [span(exposure(result))],
    ...caveats(result),
  ];
}

const exposure = ({ exposed: { requests, errors } }: ReplayResult): string =>
  `${plural(requests, 'request')} met the canary before that, ${count(errors)} of them failed`;

/** Much that is drawn again is not much evidence. */
const WORTH_TELLING = 0.1;

function caveats({ drawn }: ReplayResult): readonly Line[] {
  return (['canary', 'baseline'] as const).flatMap((arm) => {
    const { requests, again } = drawn[arm];
    if (again <= WORTH_TELLING * requests) return [];
    const name = arm === 'canary' ? "the canary's" : "stable's";
    const text = `${rate(again, requests)} of ${name} requests were drawn again: the trace has too few for these weights, so the evidence is weaker than it looks`;
    return [[span(text, 'warn')]];
  });
}

/** The same trace under each judge. */
export const comparisonLines = (compared: readonly Comparison[]): readonly Line[] =>
  table<Comparison>(
    [
      { title: 'judge', cell: ({ judge }) => judge },
      {
        title: 'outcome',
        cell: ({ result }) => outcomeText(result),
        style: ({ result }) => STYLES[result.outcome],
      },
      { title: 'exposed', align: 'right', cell: ({ result }) => count(result.exposed.requests) },
      { title: 'failed', align: 'right', cell: ({ result }) => count(result.exposed.errors) },
      { title: 'retreats', align: 'right', cell: ({ result }) => count(result.retreatedAfterMs.length) },
      { title: 'why', cell: ({ result }) => result.paused?.reason ?? result.reason },
    ],
    compared,
  );
