import type { ArmFigures, Figures } from '../../views/figures.ts';
import { count, odds, plural, rate } from '../../views/words.ts';
import { bar } from './bar.ts';
import type { Canvas } from './canvas.ts';
import { table } from './table.ts';
import { span, type Line } from './text.ts';

/** Both arms side by side, the evidence, and how many requests met the canary. */
export function figureLines(figures: Figures, canvas: Canvas): readonly Line[] {
  const { canary, stable, harm, exposed } = figures;
  const arms: readonly [string, ArmFigures][] = [
    ['canary', canary],
    ['stable', stable],
  ];
  const grid = table<(typeof arms)[number]>(
    [
      { title: '', cell: ([name]) => name },
      { title: 'requests', align: 'right', cell: ([, arm]) => count(arm.requests) },
      { title: 'failed', align: 'right', cell: ([, arm]) => count(arm.errors) },
      { title: 'rate', align: 'right', cell: ([, arm]) => rate(arm.errors, arm.requests) ?? '-' },
      { title: 'p95', align: 'right', cell: ([, arm]) => ms(arm.p95Ms) },
      { title: 'p99', align: 'right', cell: ([, arm]) => ms(arm.p99Ms) },
    ],
    arms,
  );
  const met = `${plural(exposed.requests, 'request')} met the canary; ${count(exposed.errors)} of them failed`;
  return [
    ...(canary.requests + stable.requests > 0 ? grid : []),
    ...(harm === null ? [] : [harmLine(harm, canvas)]),
    [span(`exposed ${met}`)],
  ];
}

const harmLine = ({ logE, needed, next, shown }: NonNullable<Figures['harm']>, { glyphs }: Canvas): Line => [
  span('harm    '),
  ...bar(logE / needed, 24, shown ? 'bad' : 'good', glyphs),
  span(`  ${odds(logE)}, ${next} at ${odds(needed)}`),
];

const ms = (value: number | null): string => (value === null ? '-' : `${count(value)} ms`);
