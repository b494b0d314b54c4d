import { feedAbsolute } from './absolute.ts';
import { feedCertificate } from './certificate.ts';
import { evidenceOf, harmIsPossible, logEsOf } from './evidence.ts';
import { issueIn } from './finding.ts';
import { feedLatency, setThresholds } from './latency.ts';
import { feedRatio } from './ratio.ts';
import { WARNING_E } from './settings.ts';
import { warmUpEnd, type Judge } from './state.ts';
import { addTotals, checkTick, mergeTicks, type Tick } from './tick.ts';
import { addToWindow, sumWindow } from './window.ts';

/** Ticks with requests on one arm only are put together for no longer than this; beyond it the arms would not be compared over the same time. */
const LONGEST_MERGE_MS = 60_000;

/**
 * Folds one tick into the judge, in order of time. The judge may keep the tick: it must not be changed afterwards.
 * @returns the same judge, changed
 * @throws RangeError for an impossible tick (see checkTick); the judge is then unchanged
 */
export function observe(judge: Judge, tick: Tick): Judge {
  const from = judge.lastTickAt ?? judge.startedAt;
  checkTick(tick, from);
  judge.lastTickAt = tick.at;
  if (tick.canary.requests > 0) judge.lastCanaryAt = tick.at;
  if (tick.baseline.requests > 0) judge.lastBaselineAt = tick.at;
  addTotals(judge.sinceStart.canary, tick.canary);
  addTotals(judge.sinceStart.baseline, tick.baseline);

  const warm = from >= warmUpEnd(judge);
  for (const limit of judge.limits)
    if (warm || limit.rule === 'crash-rate') feedAbsolute(limit, tick, judge.settings.fixedPhi ?? 1);
  if (warm) compareWhenBothServed(judge, tick, from);

  const logEs = logEsOf(judge);
  if (logEs.warning >= Math.log(WARNING_E)) judge.certificate.held = false;
  if (judge.issue === undefined && harmIsPossible(judge, logEs)) {
    const evidence = evidenceOf(judge, tick.at);
    if (issueIn(evidence) !== undefined) judge.issue = evidence;
  }
  return judge;
}

function compareWhenBothServed(judge: Judge, tick: Tick, from: number): void {
  const { waiting } = judge;
  const joined = waiting !== undefined && tick.at - waiting.from <= LONGEST_MERGE_MS ? waiting : undefined;
  const whole = joined === undefined ? tick : mergeTicks(joined.tick, tick);
  const wholeFrom = joined?.from ?? from;
  const bothServed = whole.canary.requests > 0 && whole.baseline.requests > 0;
  judge.waiting = bothServed ? undefined : { from: wholeFrom, tick: whole };
  if (bothServed) compare(judge, whole, wholeFrom);
}

function compare(judge: Judge, tick: Tick, from: number): void {
  const phi = judge.settings.fixedPhi ?? 1;
  const counts = {
    canaryRequests: tick.canary.requests,
    baselineRequests: tick.baseline.requests,
    canaryEvents: tick.canary.errors,
    baselineEvents: tick.baseline.errors,
  };
  addTotals(judge.compared.canary, tick.canary);
  addTotals(judge.compared.baseline, tick.baseline);
  feedRatio(judge.errors, counts, phi);
  if (judge.latency !== undefined)
    feedLatency(judge.latency, tick.canary.latency, tick.baseline.latency, phi);
  feedCertificate(judge.certificate, counts, phi);
  remember(judge, tick, from);
}

/** Adds a tick to the recent past, from which the thresholds of the next ones are taken; anew for each step of the window is enough. */
function remember(judge: Judge, tick: Tick, from: number): void {
  const moved = addToWindow(judge.window, tick, from);
  if (judge.latency !== undefined && (moved || judge.window.slots.length === 1))
    setThresholds(judge.latency, sumWindow(judge.window, tick.at).baseline.latency);
}
