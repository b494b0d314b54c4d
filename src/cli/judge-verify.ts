import { verifyRecord, type Difference, type Verification } from '../views/judge/verify.ts';
import { count, plural, utc } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { loadRecord, nameOf } from './judge-record.ts';
import { blank, span, type Line } from './render/text.ts';

/** So many differing fields are shown; one count that was changed changes many figures. */
const SHOWN = 10;

/** Judges a record again. Ends with 1, and which verdict differs in what, when it is not what the judge said. */
export async function verifyJudge(context: Context, file: string): Promise<ExitCode> {
  const record = await loadRecord(context, file);
  const result = verifyRecord(record, nameOf(file));
  const { application, environment, version, deployment } = record;
  await context.show({ file, deployment, ...result }, () => [
    ...(result.verified ? verifiedLines(result) : differingLines(result)),
    ...(result.verified
      ? [[span(`${application}/${environment} ${version}, deployment ${deployment}`, 'dim')]]
      : []),
  ]);
  return result.verified ? EXIT.ok : EXIT.failed;
}

const verifiedLines = ({ verdicts, ticks }: Verification): readonly Line[] => [
  [
    span('verified: ', 'good'),
    span(
      `${plural(verdicts, 'verdict')} from their own records, and their evidence from ${plural(ticks, 'tick')}`,
    ),
  ],
];

function differingLines({ differences }: Verification): readonly Line[] {
  const verdicts = new Set(differences.map(({ verdict }) => verdict));
  const shown = differences.slice(0, SHOWN);
  const rest = differences.length - shown.length;
  return [
    [span('NOT verified: ', 'bad'), span(`${plural(verdicts.size, 'verdict')} would have been another`)],
    ...[...verdicts].flatMap((verdict) => verdictLines(shown.filter((one) => one.verdict === verdict))),
    ...(rest > 0 ? [blank, [span(`and ${count(rest)} more fields: -o json lists all`, 'dim')]] : []),
  ];
}

function verdictLines(differences: readonly Difference[]): readonly Line[] {
  const [first] = differences;
  if (first === undefined) return [];
  return [
    blank,
    [span(`verdict ${first.verdict}`, 'bold'), span(` of ${utc(first.at)}`, 'dim')],
    ...differences.map(({ field, recorded, recomputed, from }): Line => [
      span(`  ${field}: `),
      span(shortly(recorded), 'bad'),
      span(`, but ${shortly(recomputed)}`),
      span(from === 'ticks' ? ' by the ticks' : ' by its own record', 'dim'),
    ]),
  ];
}

/** A value on a part of a line. */
function shortly(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
