import { explainRule } from '../../views/rules.ts';
import type { ArmComparison, Comparison } from '../../views/judge/compare.ts';
import { count, lasting, odds, plural } from '../../views/words.ts';
import { bar } from './bar.ts';
import type { Canvas } from './canvas.ts';
import { VERDICT_STYLES } from './rollout.ts';
import { sparkline } from './sparkline.ts';
import type { Glyphs, Style } from './style.ts';
import { table } from './table.ts';
import { blank, padEnd, span, wrap, type Line } from './text.ts';

/** Longer lines are hard to read. */
const WIDEST = 110;
const LABEL = 14;

/** Canary and stable side by side, the evidence, and what it leads to: one screen. */
export function compareLines(comparison: Comparison, given: Canvas): readonly Line[] {
  const canvas = { ...given, width: Math.min(given.width, WIDEST) };
  return [
    ...headLines(comparison, canvas),
    blank,
    ...armLines(comparison, canvas),
    ...section('Evidence that the canary is worse', harmLines(comparison, canvas)),
    ...section('Evidence that it is healthy', healthLines(comparison, canvas)),
    ...section(effectTitle(comparison), effectLines(comparison, canvas)),
    ...section('Counting', countingLines(comparison, canvas)),
  ];
}

const section = (title: string, lines: readonly Line[]): readonly Line[] => [
  blank,
  [span(title, 'bold')],
  ...lines,
];

function headLines(comparison: Comparison, { width, glyphs }: Canvas): readonly Line[] {
  const { application, environment, version, at, spanMs, verdict, shownAfterMs } = comparison;
  const style = VERDICT_STYLES[verdict.verdict];
  const asks = verdict.response === null ? '' : ` ${glyphs.dot} asks for ${ASKS[verdict.response]}`;
  const shown = shownAfterMs === null ? '' : ` ${glyphs.dot} shown after ${lasting(shownAfterMs)}`;
  return [
    [
      span(`${application}/${environment} ${version}`, 'bold'),
      span(`   ${lasting(spanMs)} of canary ${glyphs.dot} ${at}`, 'dim'),
    ],
    [span(verdict.verdict, style), span(`  ${verdict.rule}${shown}${asks}`, 'dim')],
    ...wrap(verdict.reason, width).map((text) => [span(text)]),
  ];
}

const ASKS = { retreat: 'the smallest step', rollback: 'the version before' } as const;

function armLines({ canary, stable, ratio }: Comparison, { glyphs }: Canvas): readonly Line[] {
  const arms: ReadonlyArray<readonly [string, ArmComparison]> = [
    ['canary', canary],
    ['stable', stable],
  ];
  const quantile = (title: string, of: (arm: ArmComparison) => number | null) => ({
    title,
    align: 'right' as const,
    cell: ([, arm]: (typeof arms)[number]) => ms(of(arm)),
  });
  const grid = table<(typeof arms)[number]>(
    [
      { title: '', cell: ([name]) => name },
      { title: 'requests', align: 'right', cell: ([, arm]) => count(arm.requests) },
      { title: 'failed', align: 'right', cell: ([, arm]) => count(arm.errors) },
      { title: 'rate', align: 'right', cell: ([, arm]) => percent(arm.rate) },
      { title: '95% range', cell: ([, arm]) => rangeOf(arm, glyphs) },
      quantile('p50', (arm) => arm.p50Ms),
      quantile('p90', (arm) => arm.p90Ms),
      quantile('p95', (arm) => arm.p95Ms),
      quantile('p99', (arm) => arm.p99Ms),
    ],
    arms,
  );
  return [...grid, ratioLine(ratio, glyphs)];
}

function ratioLine({ seen, range }: Comparison['ratio'], glyphs: Glyphs): Line {
  const { low, high } = range;
  const times = (ratio: number) => `${significant(ratio)}${glyphs.times}`;
  const known =
    high === null
      ? low === 0
        ? 'nothing is known yet'
        : `at least ${times(low)} with 95% confidence`
      : `${times(low)} to ${times(high)} with 95% confidence`;
  const worse = low > 1 ? 'bad' : high !== null && high < 2 ? 'good' : 'none';
  const now = seen === null ? 'canary against stable' : `the canary fails ${times(seen)} as often as stable`;
  return [span(`${now}: `, 'dim'), span(known, worse)];
}

function harmLines(comparison: Comparison, canvas: Canvas): readonly Line[] {
  const { evidence, thresholds, overTime } = comparison;
  const { logE, limits } = evidence;
  const first = thresholds.retreat ?? thresholds.rollback;
  const style = (value: number): Style =>
    value >= first ? 'bad' : value >= thresholds.warning ? 'warn' : 'good';
  const meter = (label: string, value: number | null): Line =>
    labelled(label, [
      ...bar(tangible(value ?? 0) / first, barWidth(canvas), style(value ?? 0), canvas.glyphs),
      span(`  ${value === null ? 'not measured' : odds(value)}`, value === null ? 'dim' : 'none'),
    ]);
  const history = overTime.map(({ at, harm }) => ({ at, value: harm }));
  return [
    ...wrap(consequences(comparison), canvas.width).map((text): Line => [span(text, 'dim')]),
    meter('combined', logE.combined),
    meter('  errors', logE.errors),
    meter('  latency', logE.latency),
    meter('  crashes', logE.crashes),
    ...limits.map((limit) => meter(limitName(limit), limit.canary.logE)),
    ...curve(history, first, style, canvas),
    ...ruleLines(comparison, canvas),
  ];
}

function consequences({ judge, thresholds: { warning, retreat, rollback } }: Comparison): string {
  if (judge !== 'sequential') return `decides nothing here: this rollout is judged by ${judge}`;
  return [
    `warns at ${odds(warning)}`,
    ...(retreat === null ? [] : [`retreats at ${odds(retreat)}`]),
    `rolls back at ${odds(rollback)}`,
    ...(retreat === null ? [] : [`a limit alone at ${odds(retreat)}`]),
  ].join(', ');
}

function limitName({ rule, limit }: Comparison['evidence']['limits'][number]): string {
  switch (rule) {
    case 'absolute-error-rate':
      return `errors > ${percent(limit)}`;
    case 'absolute-p95':
      return `p95 > ${ms(limit)}`;
    case 'absolute-p99':
      return `p99 > ${ms(limit)}`;
    case 'crash-rate':
      return `> ${significant(limit)} a minute`;
  }
}

function ruleLines({ judge, nearest, verdict }: Comparison, { width }: Canvas): readonly Line[] {
  if (judge !== 'sequential') return [];
  const { rule, logE, needed } = nearest;
  const far = `${rule} (${odds(logE)}, decides at ${odds(needed)})`;
  const near =
    tangible(logE) > 0 ? `${far}: ${explainRule(rule)}` : 'none: nothing speaks against the canary';
  const text = verdict.verdict === 'issue' ? explainRule(verdict.rule) : near;
  const label = verdict.verdict === 'issue' ? 'rule' : 'nearest rule';
  return wrap(text, width - LABEL).map((part, index) => labelled(index === 0 ? label : '', [span(part)]));
}

function healthLines({ judge, evidence, overTime, verdict }: Comparison, canvas: Canvas): readonly Line[] {
  const { logE, held, remainingMs } = evidence.certificate;
  const needed = Math.log(evidence.certificate.needed);
  const time =
    remainingMs === null
      ? 'no end in sight at the present traffic'
      : `about ${lasting(remainingMs)} more at the present traffic, if it is as healthy as stable`;
  const rest =
    held || verdict.verdict === 'issue' || judge !== 'sequential' ? [] : wrap(time, canvas.width - LABEL);
  return [
    [span(held ? 'certified: less than twice as bad as stable' : `certified at ${odds(needed)}`, 'dim')],
    labelled('certificate', [
      ...bar(held ? 1 : logE / needed, barWidth(canvas), 'good', canvas.glyphs),
      span(`  ${odds(logE)}`),
    ]),
    ...curve(
      overTime.map(({ at, health }) => ({ at, value: health })),
      needed,
      () => 'good',
      canvas,
    ),
    ...rest.map((text, index) => labelled(index === 0 ? 'still needs' : '', [span(text)])),
  ];
}

/** The evidence so far, as long as the bars. */
function curve(
  points: ReadonlyArray<{ readonly at: number; readonly value: number }>,
  top: number,
  styleOf: (value: number) => Style,
  canvas: Canvas,
): readonly Line[] {
  if (points.length < 2) return [];
  const length = (points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0);
  return [
    labelled('over time', [
      ...sparkline(points, barWidth(canvas), top, styleOf, canvas.glyphs),
      span(`  ${lasting(length)}`, 'dim'),
    ]),
  ];
}

const effectTitle = ({ evidence }: Comparison): string =>
  `Effects over the last ${lasting(evidence.effects.windowMs)} (evidence counts as harm with at least one)`;

function effectLines({ evidence }: Comparison, { glyphs }: Canvas): readonly Line[] {
  const { effects, gates } = evidence;
  const line = (
    label: string,
    seen: number | null,
    gate: number,
    written: (value: number) => string,
  ): Line => {
    if (seen === null) return labelled(label, [span('unknown', 'dim')]);
    const met = seen >= gate;
    return labelled(label, [
      span(padEnd(written(seen), 9), met ? 'bad' : 'none'),
      span(`${met ? 'reaches' : 'below'} ${written(gate)}`, met ? 'bad' : 'dim'),
    ]);
  };
  const ratio = (value: number) => ratioOf(value, glyphs);
  const { errorDifference: points } = gates;
  return [
    line('error rate', effects.errorRatio, gates.errorRatio, ratio),
    ...(points === undefined
      ? []
      : [line('  difference', effects.errorDifference, points, (value) => `${signed(value * 100)} pp`)]),
    line('p95', effects.p95Ratio, gates.p95Ratio, ratio),
    line('p99', effects.p99Ratio, gates.p99Ratio, ratio),
  ];
}

/** Percentage points: `+0.5`. */
const signed = (points: number): string => `${points < 0 ? '-' : '+'}${significant(Math.abs(points))}`;

function countingLines({ evidence, warmUpMs }: Comparison, { width }: Canvas): readonly Line[] {
  const { clients, start } = evidence;
  const failing = (n: number) => plural(n, 'client');
  const lines: ReadonlyArray<readonly [string, string]> = [
    ...(warmUpMs > 0
      ? ([['warm-up', `the canary's first ${lasting(warmUpMs)} are left out of the comparison`]] as const)
      : []),
    ['bursts', burstsOf(evidence)],
    ...(evidence.logE.latency === null ? [] : ([['pauses', pausesOf(evidence)]] as const)),
    ...(clients === null
      ? []
      : ([
          [
            'clients',
            `evidence from ${failing(clients.canary)} that failed on the canary and ${failing(clients.baseline)} on stable; each counts once, and what no client could be told from counts by request`,
          ],
        ] as const)),
    [
      'exposed',
      `${plural(start.requests, 'request')} met the canary since its start; ${count(start.errors)} of them failed`,
    ],
  ];
  return lines.flatMap(([label, text]) =>
    wrap(text, width - LABEL).map((part, index) => labelled(index === 0 ? label : '', [span(part)])),
  );
}

/** How much more errors vary than independent ones would, and by what block lengths that was found. */
function burstsOf({ phi, phiByBlock }: Comparison['evidence']): string {
  const blocks = phiByBlock.map(({ seconds, phi: found }) => `${significant(found)} over ${seconds} s`);
  const found = blocks.length === 0 ? '' : ` (${blocks.join(', ')})`;
  return phi === 1
    ? `phi 1${found}: errors vary as independent ones do, evidence counts in full`
    : `phi ${significant(phi)}${found}: errors come in bursts, evidence on requests is divided by it`;
}

/** The same for slow answers, of the quantiles on which it is more than for errors. */
function pausesOf({ phi, latencyPhi }: Comparison['evidence']): string {
  if (latencyPhi === null)
    return 'what single instances took is not known: evidence on latency is divided by the same';
  const more = latencyPhi.filter((one) => one.phi > phi);
  const list = more.map((one) => `p${100 * one.quantile} ${significant(one.phi)}`).join(', ');
  return more.length === 0
    ? 'slow answers vary no more than that'
    : `phi ${list}: slow answers come in bursts, evidence on latency is divided by it`;
}

/** Without what is only the rounding of none. */
const tangible = (logE: number): number => (Math.abs(logE) < 0.05 ? 0 : logE);

const labelled = (label: string, content: Line): Line => [span(padEnd(label, LABEL), 'dim'), ...content];

/** Room for the figures stays at its right. */
const barWidth = ({ width }: Canvas): number => Math.max(8, Math.min(48, width - LABEL - 24));

function rangeOf({ range: { low, high } }: ArmComparison, { to }: Glyphs): string {
  const top = high ?? 1;
  return `${significant(low * 100)}${to}${significant(top * 100)}%`;
}

const percent = (share: number | null): string => (share === null ? '-' : `${significant(share * 100)}%`);

/** `1.15×` */
const ratioOf = (ratio: number, glyphs: Glyphs): string =>
  `${ratio >= 9.95 ? count(ratio) : Number(ratio.toPrecision(3))}${glyphs.times}`;

/** Two digits below 10, whole numbers above. */
const significant = (value: number): string =>
  value >= 9.95 ? count(value) : String(Number(value.toPrecision(2)));

/** `0.8ms`, `45ms`, `1.2s` */
function ms(value: number | null): string {
  if (value === null) return '-';
  return value < 1000 ? `${significant(value)}ms` : `${significant(value / 1000)}s`;
}
