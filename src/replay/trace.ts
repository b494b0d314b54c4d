import { messageOf } from '../core/errors.ts';
import { tickFromJson, type InstanceHistory, type JudgeSettings, type Tick } from '../judge/index.ts';
import { checkTick } from '../judge/tick.ts';
import type { Arms } from './resplit.ts';

/** What the optional first line of a trace says of it: `{"trace": 1, "arms": "mirrored", "canary": "1.5.0", "baseline": "1.4.0"}`. */
export interface TraceMeta {
  /** `split` unless told: the arms shared one traffic. `mirrored`: each had all of it. */
  readonly arms: Arms;
  /** `request` unless told; `client`: errors and slow answers were counted once per client. */
  readonly unit: JudgeSettings['unit'];
  /** Names of the versions. */
  readonly canary: string;
  readonly baseline: string;
  /** How far apart the ticks are. */
  readonly intervalMs: number;
  /** What the stable version's instances did before. */
  readonly history: InstanceHistory;
}

export const DEFAULT_META: TraceMeta = {
  arms: 'split',
  unit: 'request',
  canary: 'canary',
  baseline: 'stable',
  intervalMs: 1000,
  history: [],
};

/** Who takes a trace in: `begin` once, before the first tick. */
export interface TraceSink {
  begin(meta: TraceMeta, startedAt: number): void;
  tick(tick: Tick): void;
}

const LONGEST_LINE = 1_000_000;
const MOST_TOLD = 100;

export interface TraceProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** What is wrong with a trace: the first of many, and how many there are. */
export interface TraceProblems {
  readonly told: readonly TraceProblem[];
  readonly count: number;
}

/**
 * Reads a trace as it comes, a line at a time: nothing is kept. Once a line is broken the rest is only checked, so that all problems
 * are told at once.
 */
export async function readTrace(
  chunks: AsyncIterable<Uint8Array | string>,
  sink: TraceSink,
): Promise<TraceProblems> {
  const reader = new TraceReader(sink);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST_LINE + 1);
    for (const line of lines) reader.line(line);
  }
  if (rest !== '') reader.line(rest);
  return reader.end();
}

class TraceReader {
  readonly #told: TraceProblem[] = [];
  #problems = 0;
  readonly #sink: TraceSink;
  #line = 0;
  #meta: TraceMeta | undefined;
  /** The first tick waits for the second, which tells how far apart they are. */
  #first: Tick | undefined;
  #begun = false;
  #lastAt = -Infinity;

  constructor(sink: TraceSink) {
    this.#sink = sink;
  }

  line(text: string): void {
    this.#line++;
    if (text.trim() === '') return;
    try {
      this.#take(parse(text));
    } catch (error) {
      this.#tell(messageOf(error));
    }
  }

  end(): TraceProblems {
    if (this.#problems === 0 && this.#first !== undefined)
      this.#begin(this.#first, this.#meta ?? DEFAULT_META);
    if (this.#problems === 0 && !this.#begun) this.#tell('there is not one tick in it');
    return { told: this.#told, count: this.#problems };
  }

  #tell(message: string): void {
    if (this.#problems++ < MOST_TOLD) this.#told.push({ line: this.#line, message });
  }

  #take(json: unknown): void {
    const isMeta = typeof json === 'object' && json !== null && 'trace' in json;
    if (isMeta && this.#lastAt === -Infinity && this.#meta === undefined) {
      this.#meta = metaFrom(json);
      return;
    }
    const tick = tickFromJson(json);
    checkTick(tick, this.#lastAt);
    this.#lastAt = tick.at;
    if (this.#problems > 0) return;
    if (this.#begun) this.#sink.tick(tick);
    else if (this.#first === undefined) this.#first = tick;
    else {
      const apart = tick.at - this.#first.at;
      this.#begin(this.#first, this.#meta ?? { ...DEFAULT_META, intervalMs: apart > 0 ? apart : 1000 });
      this.#sink.tick(tick);
    }
  }

  #begin(first: Tick, meta: TraceMeta): void {
    this.#begun = true;
    this.#first = undefined;
    this.#sink.begin(meta, first.at - meta.intervalMs);
    this.#sink.tick(first);
  }
}

function parse(text: string): unknown {
  if (text.length > LONGEST_LINE) throw new RangeError('the line is too long');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError('this is not JSON', { cause });
  }
}

function metaFrom(json: object): TraceMeta {
  const said = json as Readonly<Record<string, unknown>>;
  if (said['trace'] !== 1) throw new RangeError('trace: 1 is the only form known');
  const arms = said['arms'] ?? DEFAULT_META.arms;
  if (arms !== 'split' && arms !== 'mirrored') throw new RangeError('arms: split or mirrored was expected');
  const unit = said['unit'] ?? DEFAULT_META.unit;
  if (unit !== 'request' && unit !== 'client') throw new RangeError('unit: request or client was expected');
  const intervalMs = said['interval_ms'] ?? DEFAULT_META.intervalMs;
  if (typeof intervalMs !== 'number' || !(intervalMs > 0))
    throw new RangeError('interval_ms: a length of time in ms was expected');
  const nameOf = (key: 'canary' | 'baseline') =>
    typeof said[key] === 'string' ? said[key] : DEFAULT_META[key];
  return {
    ...DEFAULT_META,
    arms,
    unit,
    intervalMs,
    canary: nameOf('canary'),
    baseline: nameOf('baseline'),
  };
}
