import { evidenceOf, isCalm, logEsOf, rollbackIsPossible } from './evidence.ts';
import { rollbackIn } from './finding.ts';
import { LARGEST_COUNT, type Latencies } from './histogram.ts';
import { feedPlain } from './plain/index.ts';
import { feedAbsolute, type AbsoluteLimit } from './sequential/absolute.ts';
import { feedCertificate } from './sequential/certificate.ts';
import { feedDispersion } from './sequential/dispersion.ts';
import { feedLatency, LATENCY_QUANTILES, setThresholds, type LatencyTest } from './sequential/latency.ts';
import { feedLatencyDispersion } from './sequential/latency-dispersion.ts';
import { findPlaces } from './sequential/places.ts';
import { feedRatio } from './sequential/ratio.ts';
import { beginWarmUp, COMPARED_AFTER_SLOW_MS, feedWarmUp, leastCompared } from './sequential/warm-up.ts';
import { addToWindow, createWindow, moveWindow } from './sequential/window.ts';
import { MOST_OF_ERRORS, MOST_OF_SLOW, ticksIn, WARNING_E, type JudgeSettings } from './settings.ts';
import { latencyPhiIn, newComparison, newLimits, phiIn, type Judge } from './state.ts';
import { addServed, addTotals, checkTick, type InstanceCount, type Tick } from './tick.ts';
import { addWaiting, createPair, createWaiting, readArm, readWaiting } from './waiting.ts';

/** Ticks with requests on one arm only are put together for no longer than this; beyond it the arms would not be compared over the same time. */
const LONGEST_MERGE_MS = 60_000;
/** Where thresholds hold for a whole step, they are taken from no fewer answers than these. */
const FEWEST_FOR_A_STEP = 200;
const LOG_WARNING = Math.log(WARNING_E);

/** Room for the tick that is being folded, so that no tick needs room of its own; nothing in it outlives a call. */
const PAIR = createPair();
const LATENCY_PHI = new Float64Array(LATENCY_QUANTILES.length);
const PHI = { errors: 1, latency: 1 };
const EVENTS = { canaryRequests: 0, baselineRequests: 0, canaryEvents: 0, baselineEvents: 0 };

/**
 * Folds one tick into the judge, in order of time.
 * @returns the same judge, changed
 * @throws RangeError for an impossible tick; the judge is then unchanged
 */
export function observe(judge: Judge, tick: Tick<Latencies>): Judge {
  const from = judge.lastTickAt ?? judge.startedAt;
  checkTick(tick, from);
  readArm(PAIR.canary, 'canary', tick.canary);
  readArm(PAIR.baseline, 'baseline', tick.baseline);
  checkRoom(judge, 'canary');
  checkRoom(judge, 'baseline');

  judge.lastTickAt = tick.at;
  if (tick.canary.requests > 0) {
    // Instances that wait for their first request do not warm up.
    if (judge.lastCanaryAt === undefined) beginWarmUp(judge.warmUp, from);
    judge.lastCanaryAt = tick.at;
  }
  if (tick.baseline.requests > 0) judge.lastBaselineAt = tick.at;
  if (tick.clients !== undefined) judge.clients = tick.clients;
  addServed(judge.sinceStart.canary, tick.canary);
  addServed(judge.sinceStart.baseline, tick.baseline);
  moveWindow(judge.window, tick.at);

  const phi = phiIn(judge);
  for (let q = 0; q < LATENCY_PHI.length; q++) LATENCY_PHI[q] = latencyPhiIn(judge, q);
  warmUp(judge, from, tick.at);
  feedLimits(judge, phi, ticksIn(tick.at - from));
  if (judge.errorsWarm) compareWhenBothServed(judge, from, tick.at, phi);
  else waitForWarmth(judge, from, tick.at);
  if (tick.stableInstances !== undefined) learnDispersion(judge, tick.stableInstances, tick.at);
  const isBad = judge.latencyWarm && judge.plain !== undefined && feedPlain(judge.plain, tick, from);
  latch(judge, tick.at, isBad);
  return judge;
}

function learnDispersion(judge: Judge, instances: readonly InstanceCount[], at: number): void {
  findPlaces(judge.places, instances, at);
  feedDispersion(judge.dispersion, instances, judge.places, at);
  feedLatencyDispersion(judge.latencyDispersion, instances, judge.places, at);
}

/** A histogram that ran over would no longer hold as many answers as are looked for in it. */
function checkRoom({ window, waiting }: Judge, name: 'canary' | 'baseline'): void {
  const answers = window[name].answers + (waiting?.[name].answers ?? 0) + PAIR[name].latency.total;
  if (answers > LARGEST_COUNT)
    throw new RangeError(`${name}: more answers than can be counted: ${answers} within minutes`);
}

/** Tells whether the time since `from` counts, for errors and for latency. */
function warmUp(judge: Judge, from: number, at: number): void {
  PHI.errors = phiIn(judge);
  PHI.latency = 1;
  for (let q = 0; q < LATENCY_PHI.length; q++) PHI.latency = Math.max(PHI.latency, LATENCY_PHI[q] as number);
  const { warmUp: known } = judge;
  const { errorsEndAt, endsAt, mayBeCold } = known;
  feedWarmUp(known, PAIR.canary, PAIR.baseline, from, at, PHI);
  // A tick that ends the warm-up by what was seen in it does not count yet: it is one of many, and not by chance.
  turnErrors(judge, from >= Math.max(errorsEndAt, known.errorsEndAt));
  turnLatency(judge, from >= Math.max(endsAt, known.endsAt), from);
  if (mayBeCold && !known.mayBeCold) lookAgain(judge, from);
}

/** Their warm-up is over; or it turns out to be longer than thought, and what was compared in it is forgotten. */
function turnErrors(judge: Judge, warm: boolean): void {
  if (warm === judge.errorsWarm) return;
  judge.errorsWarm = warm;
  judge.waiting = undefined;
  if (warm) return renewWindow(judge);
  const { errors, certificate, compared } = newComparison(judge.settings);
  Object.assign(judge, { errors, certificate, compared });
  renewLimits(judge, ({ rule }) => rule === 'absolute-error-rate');
}

/**
 * The same for latency, which falls more often and for longer. Errors are no part of that: which ticks are left out was not decided by
 * them, and to begin their comparison anew each time would be to try one's luck again.
 */
function turnLatency(judge: Judge, warm: boolean, from: number): void {
  if (warm === judge.latencyWarm) return;
  judge.latencyWarm = warm;
  judge.waiting = undefined;
  if (warm) {
    judge.latencyProvenAt = from + leastCompared(judge.warmUp);
    return renewWindow(judge);
  }
  const { latency, plain } = newComparison(judge.settings);
  Object.assign(judge, { latency, plain });
  takeThresholds(judge);
  renewLimits(judge, ({ quantile }) => quantile !== undefined);
}

/** No cold start lasts for so long: a canary that was clearly slower while it might have been one must show it again, and is given the time and the requests to. */
function lookAgain(judge: Judge, from: number): void {
  if ((logEsOf(judge).latency ?? 0) < -Math.log(judge.settings.alpha)) return;
  judge.latency = newComparison(judge.settings).latency;
  judge.suspected = true;
  judge.latencyProvenAt = from + COMPARED_AFTER_SLOW_MS;
  renewWindow(judge);
}

/** The thresholds of latency, which are the baseline's, are what the time before leaves. */
function renewWindow(judge: Judge): void {
  takeThresholds(judge);
  judge.window = createWindow(judge.settings.windowMs);
}

function renewLimits(judge: Judge, isForgotten: (limit: AbsoluteLimit) => boolean): void {
  const fresh = newLimits(judge.settings);
  judge.limits = judge.limits.map((old, i) => (isForgotten(old) ? (fresh[i] ?? old) : old));
}

/** What is slow is known already, so that it is learnt how slow answers vary; clients are not counted by it yet. */
function waitForWarmth(judge: Judge, from: number, at: number): void {
  const moved = addToWindow(judge.window, PAIR.canary, PAIR.baseline, from, at);
  if (judge.settings.unit === 'request' && (moved || isYoung(judge))) takeThresholds(judge);
}

/** Crashes count from the start. */
function feedLimits({ limits, errorsWarm, latencyWarm }: Judge, phi: number, ticks: number): void {
  for (const limit of limits) {
    const warm = limit.quantile === undefined ? errorsWarm : latencyWarm;
    if (!warm && limit.rule !== 'crash-rate') continue;
    const by = limit.quantile === undefined ? phi : (LATENCY_PHI[limit.quantile] as number);
    feedAbsolute(limit, 'canary', PAIR.canary, by, ticks);
    feedAbsolute(limit, 'baseline', PAIR.baseline, by, ticks);
  }
}

function compareWhenBothServed(judge: Judge, from: number, at: number, phi: number): void {
  if (judge.waiting !== undefined && at - judge.waiting.from > LONGEST_MERGE_MS) judge.waiting = undefined;
  const bothServed = PAIR.canary.requests > 0 && PAIR.baseline.requests > 0;
  if (bothServed && judge.waiting === undefined) return compare(judge, from, at, phi);
  const waiting = (judge.waiting ??= createWaiting(from));
  addWaiting(waiting, PAIR);
  if (waiting.canary.totals.requests === 0 || waiting.baseline.totals.requests === 0) return;
  readWaiting(PAIR, waiting);
  judge.waiting = undefined;
  compare(judge, waiting.from, at, phi);
}

function compare(judge: Judge, from: number, at: number, phi: number): void {
  const { canary, baseline } = PAIR;
  addTotals(judge.compared.canary, canary);
  addTotals(judge.compared.baseline, baseline);
  EVENTS.canaryRequests = canary.requests;
  EVENTS.baselineRequests = baseline.requests;
  EVENTS.canaryEvents = canary.errors;
  EVENTS.baselineEvents = baseline.errors;
  const ticks = ticksIn(at - from);
  feedRatio(judge.errors, EVENTS, phi, MOST_OF_ERRORS * ticks);
  feedCertificate(judge.certificate, EVENTS, phi, ticks);
  if (judge.latency !== undefined && judge.latencyWarm)
    compareLatency(judge.latency, judge.settings.unit, ticks);
  const moved = addToWindow(judge.window, canary, baseline, from, at);
  if (judge.settings.unit === 'request' ? moved || isYoung(judge) : !hasThresholds(judge))
    takeThresholds(judge);
}

/** Requests are drawn by themselves, or clients are: then the counts of clients are told, and without them nothing can be compared. */
function compareLatency(test: LatencyTest, unit: JudgeSettings['unit'], ticks: number): void {
  const { canary, baseline } = PAIR;
  const most = MOST_OF_SLOW * ticks;
  if (unit === 'request')
    return feedLatency(
      test,
      canary,
      baseline,
      canary.latency.total,
      baseline.latency.total,
      LATENCY_PHI,
      most,
    );
  if (canary.slowClients === undefined || baseline.slowClients === undefined) return;
  feedLatency(test, canary, baseline, canary.requests, baseline.requests, LATENCY_PHI, most);
}

/** While the window is shorter than one of its slots each tick adds much, unless there was a warm-up to learn from. */
const isYoung = ({ window, latency }: Judge): boolean =>
  window.slots.length === 0 && window.baseline.answers > (latency?.restsOn ?? 0);

const hasThresholds = ({ latency }: Judge): boolean => (latency?.restsOn ?? 0) > 0;

function takeThresholds({ latency, window, settings }: Judge): void {
  const enough = settings.unit === 'client' ? FEWEST_FOR_A_STEP : 1;
  if (latency !== undefined && window.baseline.answers >= enough)
    setThresholds(latency, window.baseline.latency, window.baseline.answers);
}

/**
 * A new step begins at `at`: where clients stay on their version, the thresholds of latency are taken from the baseline's last minutes
 * and hold until the next step.
 */
export function beginStep(judge: Judge, at: number): void {
  if (judge.settings.unit !== 'client') return;
  moveWindow(judge.window, at);
  takeThresholds(judge);
}

/**
 * A warning voids the certificate, and harm for which the canary is rolled back stays shown.
 * @param isBad whether a plain rule shows an issue
 */
function latch(judge: Judge, at: number, isBad: boolean): void {
  const logEs = isCalm(judge) ? undefined : logEsOf(judge);
  if (logEs !== undefined && logEs.warning >= LOG_WARNING) judge.certificate.held = false;
  if (judge.issue !== undefined || !(isBad || rollbackIsPossible(judge, logEs))) return;
  const evidence = evidenceOf(judge, at);
  if (rollbackIn(evidence) !== undefined) judge.issue = evidence;
}
