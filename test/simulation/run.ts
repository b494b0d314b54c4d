import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { argv, env, exit, stdout } from 'node:process';
import type { Batch } from './batch.ts';
import { addFigures, figureLines, noFigures } from './figures.ts';
import { playAll } from './pool.ts';
import { keepRange } from './ranges.ts';
import { failureText } from './report.ts';
import { huntAll } from './mutants/hunt.ts';
import { simulate } from './simulation.ts';
import { MUTANTS } from './mutants/index.ts';

const RANGES = new URL('../../docs/simulation/ranges.json', import.meta.url);
/** Small enough that threads end at about the same time. */
const BATCH = 25;
const SHOWN = 5;

const numberOf = (name: string, otherwise: number): number => {
  const text = env[name] ?? '';
  return /^\d+$/.test(text) ? Number(text) : otherwise;
};

const threads = numberOf('THREADS', availableParallelism());
const say = (line: string) => stdout.write(`${line}\n`);

if (argv[2] === 'mutants') exit((await huntAll(numberOf('SEEDS', 2000), threads, say)) ? 0 : 1);
const seed = numberOf('SEED', -1);
exit((await (seed >= 0 ? playOne(seed) : playRange())) ? 0 : 1);

/** One seed, with everything that happens in it. */
async function playOne(one: number): Promise<boolean> {
  const broken = MUTANTS.find(({ name }) => name === env['MUTANT']);
  const outcome = await simulate(one, broken);
  const lines = numberOf('LINES', outcome.violations.length > 0 ? 60 : 3000);
  for (const line of outcome.trace.last(lines)) say(line);
  if (outcome.violations.length > 0) say(`\n${failureText(outcome, 0)}`);
  else say(`\nseed ${one}: all well, trace ${outcome.hash}`);
  return outcome.violations.length === 0;
}

async function playRange(): Promise<boolean> {
  const [from, count] = [numberOf('FROM', 1), numberOf('SEEDS', 1000)];
  const batches: Batch[] = [];
  for (let first = from; first < from + count; first += BATCH)
    batches.push({ from: first, count: Math.min(BATCH, from + count - first) });
  const sum = noFigures();
  const began = performance.now();
  await playAll(batches, threads, (figures) => {
    addFigures(sum, figures);
    for (const { seed: failed, invariant, what } of figures.failed)
      say(`\rseed ${failed}: ${invariant}: ${what.slice(0, 200)}`);
    if (stdout.isTTY) stdout.write(`\r${sum.seeds} of ${count} seeds, ${sum.failed.length} violations`);
    return true;
  });
  const passed = (performance.now() - began) / 60_000;
  say(`${stdout.isTTY ? '\r' : ''}${figureLines(sum).join('\n')}`);
  say(`speed          ${Math.round(sum.seeds / passed)} seeds a minute on ${threads} threads`);
  for (const { seed: failed } of sum.failed.slice(0, SHOWN))
    say(`replay with    make simulate SEED=${failed}`);
  await keepRange(RANGES, {
    from,
    to: from + count - 1,
    commit: commit(),
    command: `make simulate SEEDS=${count} FROM=${from}`,
    violations: sum.failed.length,
  });
  return sum.failed.length === 0;
}

function commit(): string {
  return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], { encoding: 'utf8' }).trim();
}
