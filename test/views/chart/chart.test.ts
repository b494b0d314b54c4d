import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawFigure, type LinePanel, type Panel, type Point } from '../../../src/views/chart/index.ts';
import { DARK, LIGHT, type Palette } from '../../../src/views/chart/palette.ts';
import { scaleOf } from '../../../src/views/chart/scale.ts';
import { golden } from '../../support/golden.ts';

const GOLDEN = new URL('golden/', import.meta.url);

const figure = (...panels: readonly Panel[]) =>
  drawFigure({ title: 'A title', description: 'What is to be seen', panels });

const lines = (points: readonly Point[], more: Partial<LinePanel> = {}): LinePanel => ({
  kind: 'lines',
  x: { label: 'x' },
  y: { label: 'y' },
  series: [{ name: 'one', points }],
  ...more,
});

/** The path of the first series. */
const pathOf = (svg: string): string => /<path class="l s0" d="([^"]*)"/.exec(svg)?.[1] ?? '';

const evidence: LinePanel = {
  kind: 'lines',
  title: 'Evidence of harm',
  x: { label: 'time since the start', unit: 'duration' },
  y: { label: 'E', scale: 'log', min: 0.1, max: 10_000 },
  series: [
    { name: 'all', points: Array.from({ length: 61 }, (_, i) => [i * 10_000, Math.exp(i / 6 - 1)]) },
    {
      name: 'latency',
      points: [
        [0, 1],
        [200_000, 3],
        [300_000, null],
        [400_000, 2],
        [600_000, 0.001],
      ],
    },
  ],
  thresholds: [{ value: 100, label: 'retreat: E ≥ 100' }],
  markers: [
    { x: 320_000, label: 'retreat', series: 0 },
    { x: 340_000, label: 'rollback', series: 0 },
    { x: 595_000, label: 'end' },
  ],
};

describe('a chart', () => {
  it('draws lines, steps and bars as they were reviewed', () => {
    const weight: LinePanel = {
      kind: 'lines',
      height: 180,
      x: { label: 'time since the start', unit: 'duration' },
      y: { label: 'canary weight', unit: 'percent', max: 100 },
      series: [
        {
          name: 'weight',
          shape: 'step',
          points: [
            [0, 1],
            [120_000, 10],
            [320_000, 0],
            [600_000, 0],
          ],
        },
      ],
    };
    const bars: Panel = {
      kind: 'bars',
      title: 'Requests exposed',
      x: { label: 'requests', scale: 'log', min: 1 },
      series: ['sequential', 'fixed'],
      groups: [
        { label: 'doubling', bars: [{ value: 1520 }, { value: 6000 }] },
        { label: 'dead', bars: [{ value: 17 }, { value: null, text: 'never' }] },
      ],
      thresholds: [{ value: 2000, label: 'target' }],
    };
    const svg = drawFigure({
      title: 'Evidence & weight',
      description: 'Evidence rises from the fifth minute.',
      panels: [evidence, weight, bars],
    });
    golden(GOLDEN, 'figure', svg, 'svg');
  });

  it('says its title and its description to who hears it', () => {
    const svg = figure(evidence);
    assert.match(svg, /^<svg [^>]*role="img" aria-label="A title"/);
    assert.match(svg, /<title>A title<\/title>\n<desc>What is to be seen<\/desc>/);
  });

  it('cuts a title that has no room, and still says all of it', () => {
    const title = 'long '.repeat(60).trim();
    const svg = drawFigure({ title, description: '', panels: [] });
    assert.ok(svg.includes(`<title>${title}</title>`));
    const [, shown = ''] = /<text class="t"[^>]*>([^<]*)</.exec(svg) ?? [];
    assert.ok(shown.length < 90 && shown.endsWith('…'), shown);
  });

  it('escapes whatever a name holds', () => {
    const hostile = `<script>"&'\u{0}\u{d800}`;
    const svg = drawFigure({
      title: hostile,
      description: hostile,
      panels: [
        { ...evidence, title: hostile, markers: [{ x: 0, label: hostile }] },
        {
          kind: 'bars',
          x: { label: hostile },
          series: [hostile, 'b'],
          groups: [{ label: hostile, bars: [] }],
        },
      ],
    });
    assert.ok(!svg.includes('<script') && !svg.includes('\u{0}'));
    assert.equal(svg.split('&lt;script&gt;&quot;&amp;&#39;\u{fffd}\u{fffd}').length - 1, 9);
  });

  it('leaves a gap where nothing is known, and shows a lone point', () => {
    const path = pathOf(
      figure(
        lines([
          [0, 1],
          [1, 2],
          [2, null],
          [3, 1],
          [4, Number.NaN],
          [5, 2],
        ]),
      ),
    );
    assert.equal(path.split('M').length - 1, 3);
    assert.match(path, /h2$/);
  });

  it('draws a day of seconds in little space, and none of its peaks is lost', () => {
    const day = Array.from({ length: 86_400 }, (_, i): Point => [i, i === 50_000 ? 9 : i % 2]);
    const svg = figure(lines(day));
    assert.ok(svg.length < 60_000, `${svg.length} bytes`);
    const top = Math.min(...[...pathOf(svg).matchAll(/[ V]([\d.]+)/g)].map(([, y]) => Number(y)));
    const [, peak = ''] = /y="([\d.]+)" text-anchor="end">10<\/text>/.exec(svg) ?? [];
    assert.ok(top > Number(peak) - 4 && top < Number(peak) + 20, `${top} beside the tick at ${peak}`);
  });

  it('holds no data at all, or one value', () => {
    for (const points of [[], [[0, 0]], [[5, 5]], [[0, null]]] satisfies Point[][]) {
      for (const scale of ['linear', 'log'] as const) {
        const svg = figure(lines(points, { x: { label: 'x', scale }, y: { label: 'y', scale } }));
        assert.doesNotMatch(svg, /NaN|Infinity/);
      }
    }
  });

  it('never writes one label over the line of another', () => {
    const markers = [100, 110, 120, 125].map((x) => ({ x, label: `something at ${x}` }));
    const svg = figure(
      lines(
        [
          [0, 0],
          [1000, 1],
        ],
        { markers },
      ),
    );
    const heights = [...svg.matchAll(/y="([\d.]+)">something at/g)].map(([, y]) => Number(y));
    assert.equal(new Set(heights).size, 4);
    assert.deepEqual(
      heights,
      heights.toSorted((a, b) => b - a),
      'the first of them, drawn last, stands highest',
    );
  });
});

describe('the ticks of an axis', () => {
  const ticks = (low: number, high: number, axis: object = {}, about = 5) =>
    scaleOf({ label: '', ...axis }, [low, high], about, true).ticks.map(({ text }) => text);

  it('are round numbers', () => {
    assert.deepEqual(ticks(0, 0.07), ['0', '0.02', '0.04', '0.06', '0.08']);
    assert.deepEqual(ticks(-3, 7), ['-4', '-2', '0', '2', '4', '6', '8']);
    assert.deepEqual(ticks(0, 36_000), ['0', '10k', '20k', '30k', '40k']);
    assert.deepEqual(ticks(0, 2, { unit: 'percent' }), ['0%', '0.5%', '1%', '1.5%', '2%']);
  });

  it('are times as a clock has them', () => {
    assert.deepEqual(ticks(0, 1_800_000, { unit: 'duration' }), ['0', '10m', '20m', '30m']);
    assert.deepEqual(ticks(0, 86_400_000, { unit: 'duration' }, 4), ['0', '6h', '12h', '18h', '1d']);
    assert.deepEqual(ticks(0, 7_776_000_000, { unit: 'duration' }), [
      '0',
      '20d',
      '40d',
      '60d',
      '80d',
      '100d',
    ]);
  });

  it('are powers of ten on a logarithmic axis', () => {
    assert.deepEqual(ticks(0.02, 3000, { scale: 'log' }, 7), ['0.01', '0.1', '1', '10', '100', '1k', '10k']);
    assert.deepEqual(ticks(1, 10, { scale: 'log' }), ['1', '2', '5', '10']);
    assert.deepEqual(ticks(1, 1e20, { scale: 'log' }), ['1', '10k', '100M', '1e12', '1e16', '1e20']);
  });
});

describe('the colours', () => {
  for (const [name, palette] of Object.entries({ LIGHT, DARK })) {
    it(`of ${name} can be read on their background`, () => {
      const { back, ink, muted, alarm, series }: Palette = palette;
      for (const text of [ink, muted, alarm]) assert.ok(contrast(text, back) >= 4.5, `${text} on ${back}`);
      for (const mark of series) assert.ok(contrast(mark, back) >= 3, `${mark} on ${back}`);
    });
  }
});

/** The contrast ratio of WCAG 2. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[0-9a-f]{2}/g) ?? []).map((part) => {
    const value = Number.parseInt(part, 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
