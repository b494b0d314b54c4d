/**
 * What a large installation asks of one process. RUN_MINUTES: how long the rollouts are watched (2), LANES: how many of them (10,000).
 * DAY_HOURS: how many hours are simulated to see what grows (24).
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measureStore } from './lib/raw-store.ts';
import { report, type Measured } from './lib/report.ts';
import { measureLists } from './scale/lists.ts';
import type { Day } from './scale/day.ts';
import type { Monitoring } from './scale/monitoring.ts';

const LANES = Number(process.env['LANES'] ?? 10_000);
const RUN_MINUTES = Number(process.env['RUN_MINUTES'] ?? 2);
const DAY_LANES = 5;
const DAY_HOURS = Number(process.env['DAY_HOURS'] ?? 24);
const CHECK_INTERVAL_S = 30;
/** About as much as is kept of a webhook. */
const KEPT = { event: 'x'.repeat(600) };

/** Runs a part in a process of its own, whose memory and processor are its alone. */
async function ownProcess<Result>(name: string, ...args: readonly number[]): Promise<Result> {
  const program = join(import.meta.dirname, 'scale', `${name}.ts`);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [program, ...args.map(String)]);
  return JSON.parse(stdout) as Result;
}

async function lists(): Promise<readonly Measured[]> {
  const found = await measureLists();
  return Object.entries(found).map(([what, p95]) => ({
    what: `list of 10,000 deployments: ${what}, p95`,
    unit: 'ms',
    value: p95,
    bar: { on: 'value', atMost: 100 },
  }));
}

async function monitoring(): Promise<readonly Measured[]> {
  const seen = await ownProcess<Monitoring>('monitoring', LANES, RUN_MINUTES);
  const of = `${LANES} rollouts in monitoring, ${RUN_MINUTES} min`;
  return [
    { what: `${of}: processor`, unit: 'cores', value: seen.cores, bar: { on: 'value', atMost: 1 } },
    { what: `${of}: memory`, unit: 'MB', value: seen.peakRssMb, bar: { on: 'value', atMost: 400 } },
    {
      what: `${of}: longest wait for a check`,
      unit: 's',
      value: seen.longestWait,
      bar: { on: 'value', atMost: CHECK_INTERVAL_S + 2 },
    },
    { what: `${of}: work of a look`, unit: 'us', value: (seen.cores * RUN_MINUTES * 60 * 1e6) / seen.looks },
    { what: `${of}: all looked at after a start`, unit: 's', value: seen.startedWithin },
  ];
}

async function day(): Promise<readonly Measured[]> {
  const { slope } = await ownProcess<Day>('day', DAY_LANES, DAY_HOURS);
  const what = `${DAY_HOURS} simulated hours of ${DAY_LANES} rollouts: growth of the memory in the last`;
  return [{ what, unit: '%', value: slope * 100, bar: { on: 'value', atMost: 1 } }];
}

async function store(): Promise<readonly Measured[]> {
  const { raw, receive, whole } = await measureStore({ callers: 64, seconds: 2, rounds: 3, payload: KEPT });
  const against = 'the same database, one row';
  return [
    { what: 'events accepted durably', unit: '/s', value: receive, against, againstValue: raw },
    { what: 'events kept whole, with their audit', unit: '/s', value: whole, against, againstValue: raw },
  ];
}

const measured: Measured[] = [];
for (const part of [lists, monitoring, day, store]) measured.push(...(await part()));
report('scale', measured);
