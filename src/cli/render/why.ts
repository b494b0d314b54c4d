import type { Tone } from '../../views/sentence.ts';
import type { Proof, StoryLine, Why } from '../../views/why.ts';
import { lasting, plural } from '../../views/words.ts';
import { figureLines } from './figures.ts';
import type { Style } from './style.ts';
import { blank, padEnd, padStart, span, widthOf, wrap, type Line } from './text.ts';
import type { Canvas } from './canvas.ts';

export const TONES: Record<Tone, Style> = {
  good: 'good',
  bad: 'bad',
  warn: 'warn',
  plain: 'none',
  quiet: 'dim',
};

/** As many turning points as one screen has room for. */
const STORY = 8;

/** What happened, on what evidence, what to do: one screen. */
export function whyLines(why: Why, canvas: Canvas): readonly Line[] {
  const { deployment, tone, headline, evidence, next } = why;
  const { application, environment, version, short, actor } = deployment;
  const { glyphs, width } = canvas;
  const facts = [`deployment ${short}`, `by ${actor}`].join(` ${glyphs.dot} `);
  return [
    [span(`${application}/${environment} ${version}`, 'bold'), span(`   ${facts}`, 'dim')],
    ...wrap(headline, width).map((text) => [span(text, TONES[tone])]),
    ...section(
      'Evidence',
      evidence.flatMap((proof, index) => proofLines(proof, index, canvas)),
    ),
    ...section('What happened', storyLines(why, canvas)),
    ...section('What to do', nextLines(next)),
  ];
}

const section = (title: string, lines: readonly Line[]): readonly Line[] =>
  lines.length === 0 ? [] : [blank, [span(title, 'bold')], ...lines];

function proofLines(
  { source, reason, rule, figures, kept }: Proof,
  index: number,
  canvas: Canvas,
): readonly Line[] {
  const inner = canvas.width - 2;
  return [
    ...(index > 0 ? [blank] : []),
    ...wrap(`${source}: ${reason}`, inner).map((text) => indent([span(text)])),
    ...(rule === null ? [] : wrap(`Rule: ${rule}.`, inner).map((text) => indent([span(text, 'dim')]))),
    ...(kept === null ? [] : [indent([span(`Output: ${kept}`, 'dim')])]),
    ...(figures === null ? [] : figureLines(figures, canvas).map((line) => indent(indent(line)))),
  ];
}

function storyLines({ story, deployment }: Why, { width, glyphs }: Canvas): readonly Line[] {
  const shown = story.slice(-STORY);
  const hidden = story.length - shown.length;
  const stamps = shown.map(({ afterMs }) => `+${lasting(afterMs < 1000 ? 0 : afterMs)}`);
  const stampWidth = Math.max(0, ...stamps.map(widthOf));
  const lines = shown.flatMap((point, index) =>
    pointLines(point, padStart(stamps[index] ?? '', stampWidth), width),
  );
  if (hidden <= 0) return lines;
  const where = `${glyphs.more} ${plural(hidden, 'earlier event')}: spillway events list --deployment ${deployment.short}`;
  return [indent([span(where, 'dim')]), ...lines];
}

function pointLines({ tone, text }: StoryLine, stamp: string, width: number): readonly Line[] {
  const room = width - widthOf(stamp) - 4;
  return wrap(text, room).map((part, index) =>
    indent([span(`${index === 0 ? stamp : ' '.repeat(widthOf(stamp))}  `, 'dim'), span(part, TONES[tone])]),
  );
}

function nextLines(next: Why['next']): readonly Line[] {
  const longest = Math.max(0, ...next.map(({ command }) => widthOf(command ?? '')));
  return next.map(({ text, command }) =>
    indent([span(padEnd(command ?? '', longest), 'accent'), span(`  ${text}`, 'dim')]),
  );
}

const indent = (line: Line): Line => [span('  '), ...line];
