import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MARK_STYLES, markSpan, type Canvas } from '../src/cli/render/canvas.ts';
import { table, type Column } from '../src/cli/render/table.ts';
import { blank, span, wrap, type Line } from '../src/cli/render/text.ts';
import type { Mark } from '../src/views/stages.ts';
import { lasting } from '../src/views/words.ts';
import type { ReleaseFigures } from './figures.ts';
import type { ReleaseName } from './releases.ts';

export interface AuditFigures {
  readonly events: number;
  readonly verified: boolean;
  readonly tampered_detected: boolean;
}

/** Everything that a run has shown. Times in milliseconds since it began. */
export interface Figures {
  readonly releases: readonly ReleaseFigures[];
  readonly requests: number;
  readonly dropped: number;
  /** null: this run did not restart it, or did not look at the audit log. */
  readonly restartDropped: number | null;
  readonly audit: AuditFigures | null;
  readonly firstRollbackMs: number | null;
  readonly durationMs: number;
  /** From the start of the server until it was ready, and its memory at rest. */
  readonly readyMs: number;
  readonly restMb: number;
}

/** One promise with what was measured. */
export interface Promised {
  readonly what: string;
  readonly measured: string;
  readonly met: boolean;
}

const seconds = (ms: number) => Number((ms / 1000).toFixed(2));
const count = (n: number) => n.toLocaleString('en');

/** Keeps the figures where benchmarks and other programs read them. @returns the file */
export function writeReport(figures: Figures, out: string): string {
  const file = join(out, 'report.json');
  const { releases, requests, dropped, restartDropped, audit, firstRollbackMs, durationMs } = figures;
  const report = {
    releases: releases.map((one) => ({
      version: one.release,
      label: one.version,
      outcome: one.outcome,
      reason: one.reason,
      decision_s: seconds(one.decisionMs),
      canary_requests: one.canaryRequests,
      traffic_zero_ms: one.trafficZeroMs,
      last_served_ms: one.lastServedMs,
      requests: one.served,
      met: one.met,
      failed: one.failed,
      dropped: one.dropped,
    })),
    requests,
    dropped,
    restart_dropped: restartDropped,
    audit,
    first_rollback_s: firstRollbackMs === null ? null : seconds(firstRollbackMs),
    duration_s: seconds(durationMs),
    ready_ms: Math.round(figures.readyMs),
    rest_mb: Math.round(figures.restMb),
  };
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

const MARKS: Record<ReleaseFigures['outcome'], Mark> = {
  completed: 'done',
  rolled_back: 'failed',
  failed: 'failed',
};

const right = <Row>(title: string, cell: (row: Row) => string): Column<Row> => ({
  title,
  cell,
  align: 'right',
});

const COLUMNS: readonly Column<ReleaseFigures>[] = [
  { title: '', cell: ({ release }) => release },
  { title: 'outcome', cell: ({ outcome }) => outcome.replace('_', ' '), style: styleOf },
  right('decided', ({ decisionMs }) => `${(decisionMs / 1000).toFixed(1)} s`),
  right('canary', ({ canaryRequests }) => (canaryRequests === 0 ? '-' : count(canaryRequests))),
  right('to 0%', ({ trafficZeroMs }) => (trafficZeroMs === null ? '-' : `${trafficZeroMs} ms`)),
  right('served', ({ served }) => count(served)),
  right('dropped', ({ dropped }) => count(dropped)),
];

function styleOf({ outcome }: ReleaseFigures) {
  return MARK_STYLES[MARKS[outcome]];
}

/** A row a release, and under it the reason of its outcome. */
export function releaseTable(
  releases: readonly ReleaseFigures[],
  { width, glyphs }: Canvas,
): readonly Line[] {
  const [head = blank, ...rows] = table(COLUMNS, releases);
  const indent = '    ';
  const body = releases.flatMap(({ outcome, reason, version }, index) => [
    [markSpan(MARKS[outcome], glyphs), span(' '), ...(rows[index] ?? blank)],
    ...wrap(`${version}: ${reason}`, width - indent.length).map((text) => [span(`${indent}${text}`, 'dim')]),
  ]);
  const legend = wrap(LEGEND, width).map((text) => [span(text, 'dim')]);
  return [[span('  '), ...head], ...body, blank, ...legend];
}

const LEGEND =
  'decided: from the push to all of the traffic, or to the way back. canary: requests that it had met by then. to 0%: from ' +
  'the verdict until none reached it. served: user requests meanwhile. dropped: those of them that failed otherwise than by ' +
  'an answer of the shop itself, of which 0.5% are errors in its normal operation.';

const HARM_BAR = 400;
const ZERO_BAR_MS = 500;
const V2_BAR_MS = 60_000;

/** What the demo promises; a run without a part says nothing of it. */
export function promisesOf({ releases, dropped, firstRollbackMs, durationMs }: Figures): readonly Promised[] {
  const of = (name: ReleaseName) => releases.find(({ release }) => release === name);
  const zeros = releases.flatMap(({ trafficZeroMs }) => (trafficZeroMs === null ? [] : [trafficZeroMs]));
  const slowest = Math.max(...zeros);
  const [v2, v3] = [of('v2'), of('v3')];
  return [
    { what: 'no user request is dropped', measured: count(dropped), met: dropped === 0 },
    ...(v2 ? [atMost('v2 at 100% within a minute', v2.decisionMs, V2_BAR_MS, lasting)] : []),
    ...(v3 ? [atMost('v3 detected within 400 canary requests', v3.canaryRequests, HARM_BAR, count)] : []),
    ...(zeros.length > 0
      ? [atMost('verdict to 0% within 500 ms', slowest, ZERO_BAR_MS, (ms) => `${ms} ms at most`)]
      : []),
    ...(firstRollbackMs === null
      ? []
      : [atMost('the first rollback within 90 s', firstRollbackMs, 90_000, lasting)]),
    atMost('the whole within 4 minutes', durationMs, 240_000, lasting),
  ];
}

const atMost = (what: string, value: number, bar: number, words: (value: number) => string): Promised => ({
  what,
  measured: words(value),
  met: value <= bar,
});

export const promiseLine = ({ what, measured, met }: Promised, { glyphs }: Canvas): Line => [
  markSpan(met ? 'done' : 'failed', glyphs),
  span(` ${what}: `),
  span(`${measured}${met ? '' : '  MISSED'}`, met ? 'bold' : 'bad'),
];
