import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import { tickToJson } from '../judge/index.ts';
import {
  comparisonFigure,
  JUDGES,
  judgedBy,
  parseSynthetic,
  playRecord,
  Rates,
  readTrace,
  Replay,
  synthesise,
  type ReplayResult,
  type TraceMeta,
  type TraceProblems,
  type TraceSink,
} from '../replay/index.ts';
import { drawFigure } from '../views/chart/index.ts';
import { readRecord } from '../views/judge/record.ts';
import { lasting, plural } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readPolicy, type Policy } from './project.ts';
import { comparisonLines, replayLines } from './render/replay.ts';
import { blank, span, type Line } from './render/text.ts';

export interface SimulateOptions {
  readonly config: string;
  readonly env?: string;
  readonly metrics?: string;
  readonly synthetic?: string;
  readonly record?: string;
  readonly seed: string;
  readonly write?: string;
  readonly compare?: true;
  readonly svg?: string;
}

/** Where ticks come from, and its name for people. */
interface Trace {
  readonly name: string;
  play(sink: TraceSink): Promise<TraceProblems>;
}

const NO_PROBLEMS: TraceProblems = { told: [], count: 0 };

const EXITS: Readonly<Record<ReplayResult['outcome'], ExitCode>> = {
  promoted: EXIT.ok,
  rolled_back: EXIT.rolledBack,
  undecided: EXIT.timedOut,
};

/** Plays the configured policy on a trace, or each judge in its place. */
export async function simulate(context: Context, options: SimulateOptions, seed: number): Promise<ExitCode> {
  const policy = await readPolicy(context, options.config, options.env);
  const trace = kept(traceOf(context, options, seed), context, options.write);
  return options.compare
    ? compare(context, policy, trace, options, seed)
    : play(context, policy, trace, seed);
}

function traceOf({ io }: Context, { metrics, synthetic, record }: SimulateOptions, seed: number): Trace {
  if ([metrics, synthetic, record].filter((given) => given !== undefined).length !== 1)
    throw new SpillwayError('config_invalid', 'one trace is needed', {
      where: 'spillway simulate',
      hint: 'Give --metrics FILE, --record FILE, or --synthetic rps=200,errors=1%,canary-errors=2%,onset=15m.',
    });
  if (synthetic !== undefined) {
    const wanted = parseSynthetic(synthetic);
    // A made trace begins at a round hour of its own, so that the same seed gives the same words.
    const from = Date.UTC(2026, 0, 1);
    return {
      name: synthetic === '' ? 'a made trace' : synthetic,
      play: (sink) => Promise.resolve(synthesise(wanted, seed, from, sink)).then(() => NO_PROBLEMS),
    };
  }
  if (record !== undefined) {
    const path = resolve(io.cwd, record);
    return {
      name: record,
      play: async (sink) => playRecord(readRecord(await textOf(path), record), sink),
    };
  }
  const file = metrics ?? '-';
  return {
    name: file,
    play: (sink) => readTrace(file === '-' ? io.stdin : opened(resolve(io.cwd, file)), sink),
  };
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SpillwayError('not_found', 'the record cannot be read', {
      where: path,
      hint: 'Write one: spillway canary record DEPLOYMENT',
      cause,
    });
  });

async function* opened(path: string): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new SpillwayError('not_found', 'the trace cannot be read', {
      where: path,
      hint: 'A trace is a file of JSON lines; - reads standard input.',
      cause,
    });
  }
}

/** The same trace, written to a file as it is played. */
function kept(trace: Trace, { io }: Context, file: string | undefined): Trace {
  if (file === undefined) return trace;
  return {
    name: trace.name,
    play: async (sink) => {
      const out = openSync(resolve(io.cwd, file), 'w');
      const put = (json: unknown) => void writeSync(out, `${JSON.stringify(json)}\n`);
      try {
        return await trace.play({
          begin: (meta, startedAt) => {
            const { arms, unit, intervalMs, canary, baseline } = meta;
            put({ trace: 1, arms, unit, interval_ms: intervalMs, canary, baseline });
            sink.begin(meta, startedAt);
          },
          tick: (tick) => {
            put(tickToJson(tick));
            sink.tick(tick);
          },
        });
      } finally {
        closeSync(out);
      }
    },
  };
}

async function play(context: Context, policy: Policy, trace: Trace, seed: number): Promise<ExitCode> {
  let replay: Replay | undefined;
  const problems = await trace.play({
    begin: (meta, startedAt) => {
      replay = replayOf(policy, meta, startedAt, seed);
    },
    tick: (tick) => replay?.observe(tick),
  });
  const result = replay?.result();
  if (problems.count > 0 || result === undefined) return broken(context, trace, problems);
  const { track: _drawnOnly, ...said } = result;
  await context.show({ trace: trace.name, ...policy.lane, ...said }, () => [
    ...heading(policy, trace, result),
    blank,
    ...replayLines(result, context.canvas.width),
  ]);
  return EXITS[result.outcome];
}

const replayOf = (
  { lane, plan }: Pick<Policy, 'lane' | 'plan'>,
  { canary, baseline, ...meta }: TraceMeta,
  startedAt: number,
  seed: number,
): Replay => new Replay({ cast: { lane, plan, canary, stable: baseline }, ...meta, startedAt, seed });

const heading = (
  { lane: { application, environment } }: Policy,
  trace: Trace,
  { startedAt, endedAt }: ReplayResult,
): readonly Line[] => [
  [
    span(`${application}/${environment}`, 'bold'),
    span(`   on ${trace.name}, ${lasting(endedAt - startedAt)}`, 'dim'),
  ],
];

async function compare(
  context: Context,
  policy: Policy,
  trace: Trace,
  { svg }: SimulateOptions,
  seed: number,
): Promise<ExitCode> {
  const rates = new Rates(10_000);
  let replays: readonly Replay[] = [];
  const problems = await trace.play({
    begin: (meta, startedAt) => {
      replays = JUDGES.map((judge) =>
        replayOf({ ...policy, plan: judgedBy(policy.plan, judge) }, meta, startedAt, seed),
      );
    },
    tick: (tick) => {
      rates.add(tick);
      for (const replay of replays) replay.observe(tick);
    },
  });
  const [first, ...others] = replays.map((replay) => replay.result());
  if (problems.count > 0 || first === undefined) return broken(context, trace, problems);
  const compared = [first, ...others].map((result, i) => ({ judge: JUDGES[i] ?? 'sequential', result }));
  const { application, environment } = policy.lane;
  if (svg !== undefined) {
    const title = `${application}/${environment}: what each judge would have done`;
    await writeFile(
      resolve(context.io.cwd, svg),
      drawFigure(comparisonFigure(title, rates.points(), compared)),
    );
  }
  const data = compared.map(({ judge, result: { track: _drawnOnly, ...said } }) => ({ judge, ...said }));
  await context.show({ trace: trace.name, ...policy.lane, judges: data }, () => [
    ...heading(policy, trace, first),
    blank,
    ...comparisonLines(compared),
    ...(svg === undefined ? [] : [blank, [span(`chart: ${svg}`, 'dim')]]),
  ]);
  return EXIT.ok;
}

/** Every broken line with its place. */
async function broken(context: Context, { name }: Trace, problems: TraceProblems): Promise<ExitCode> {
  const { told, count } = problems;
  await context.show({ trace: name, valid: false, problems: told, count }, () => [
    ...told.map(({ line, message }) => [span(`${name}:${line}`, 'bold'), span(`  ${message}`)]),
    [span(`${name} is not a trace: ${plural(count, 'problem')}`, 'bad')],
  ]);
  return EXIT.usage;
}
