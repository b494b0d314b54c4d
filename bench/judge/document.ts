import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawFigure } from '../../src/views/chart/index.ts';
import type { Measured } from '../lib/report.ts';
import { measuredTargets } from './bars.ts';
import { detectionFigure, falseAlarmFigure } from './figures.ts';
import { rowsOf, type CharacteristicsRow } from './rows.ts';
import type { CellStatistics } from './statistics.ts';
import { markdownTable } from './table.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'judge');

/** Writes the tables and charts of docs/judge. */
export function writeDocument(statistics: readonly CellStatistics[]): void {
  mkdirSync(FOLDER, { recursive: true });
  const rows = statistics.flatMap(rowsOf);
  const sections = [HEAD, targetsIn(measuredTargets()), falseAlarmsIn(rows), detectionsIn(rows)];
  writeFileSync(join(FOLDER, 'characteristics.md'), `${sections.join('\n\n')}\n`);
  writeFileSync(join(FOLDER, 'false-alarms.svg'), drawFigure(falseAlarmFigure(statistics)));
  writeFileSync(join(FOLDER, 'detection.svg'), drawFigure(detectionFigure(statistics)));
}

const HEAD = `# Operating characteristics of the judge

Written by \`make judge-bench\` from the results in [pieces](pieces), which hold seeds, commit and digests of the judge's sources. Each run is a
simulated rollout through the judge that ships, looked at every second: 200 requests a second unless told, 10% of them on the canary, ten
equal instances, log-normal latency (sigma 0.5). After a first response the split stays as it is.`;

const targetsIn = (targets: readonly Measured[]) => `## Targets

${markdownTable(
  ['what', 'measured', 'target', ''],
  targets.map(({ what, unit, value, bar }) => [
    what,
    Number.isNaN(value) ? 'not yet' : `${rounded(value)} ${unit}`,
    bar === undefined ? '' : `<= ${bar.atMost} ${unit}`,
    bar === undefined ? '' : value <= (bar.atMost ?? Infinity) ? 'met' : '**missed**',
  ]),
)}`;

const falseAlarmsIn = (rows: readonly CharacteristicsRow[]) => `## Identical code in both arms

The warm-up is found by the judge itself, and it is given half an hour of the stable instances' past.

![Part of the rollouts rolled back by then](false-alarms.svg)

${markdownTable(
  ['stream', 'judge', 'false alarms', 'runs'],
  rows.flatMap(({ scenario, judge, false_rollback: part, n }) =>
    part === null ? [] : [[scenario, judge, `${rounded(100 * part)}%`, String(n)]],
  ),
)}`;

const detectionsIn = (rows: readonly CharacteristicsRow[]) => `## Regressions and certificates

Canary requests are counted from the onset of the regression, without a warm-up: its length comes on top.

![Canary requests until a regression is found](detection.svg)

${markdownTable(
  ['stream', 'judge', 'median', '90th percentile', 'median time', 'runs'],
  rows
    .filter((row) => row.false_rollback === null)
    .map((row) => [
      row.scenario,
      row.judge,
      orNever(row.detect_median_requests, ''),
      orNever(row.detect_p90_requests, ''),
      orNever(row.detect_median_s, ' s'),
      String(row.n),
    ]),
)}`;

const rounded = (value: number) => Number(value.toPrecision(3));
const orNever = (value: number | null, unit: string) => (value === null ? 'never' : `${value}${unit}`);
