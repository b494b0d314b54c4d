// Judges counts that somebody else has collected: one line of JSON for each interval, in order of time.
//
//     node judge.js counts.jsonl
import { readFileSync } from 'node:fs';
import { argv, stdout } from 'node:process';
import { assess, createJudge, DEFAULT_SETTINGS, observe, rateInterval, tickFromJson } from 'spillway/judge';

const lines = readFileSync(argv[2] ?? new URL('counts.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const ticks = lines.map((line) => tickFromJson(JSON.parse(line)));
const startedAt = (ticks[0]?.at ?? 0) - 10_000;

// The judge reads no clock and does no I/O: what it is to know is told to it, times included.
const judge = createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 30_000, acceptableErrorRate: 0.01 }, startedAt);

for (const tick of ticks) {
  observe(judge, tick);
  const { verdict, rule, response, reason } = assess(judge, {
    now: tick.at,
    stepStartedAt: startedAt,
    minStepMs: 60_000,
    maxStepMs: 600_000,
    concurrentBaseline: true, // stable serves beside the canary
    certificateRequired: true, // ok is only said of what was shown to be healthy
    staleAfterMs: 30_000,
  });
  const { low, high } = rateInterval(judge.sinceStart.canary.errors, judge.sinceStart.canary.requests);
  const range = `${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)}%`;
  const time = new Date(tick.at).toISOString().slice(11, 19);
  const asks = response === null ? '' : `: ${response}`;
  stdout.write(`${time}  ${`${verdict}${asks}`.padEnd(15)}  ${rule.padEnd(16)}  canary fails ${range}\n`);
  if (response === 'rollback') {
    stdout.write(`${reason}\n`);
    break;
  }
}
