import { SpillwayError } from '../core/errors.ts';
import { days, instant, minutes } from '../core/time.ts';
import { candidatesFor, findDeployments, traceOf, Trial, type PastDeployment } from '../replay/index.ts';
import type { Context } from './context.ts';
import { prometheusFlags, type CountsOptions } from './counts-from.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readPolicy } from './project.ts';
import { learntLines, type Learnt } from './render/learnt.ts';

export interface HistoryOptions extends CountsOptions {
  readonly config: string;
  readonly env?: string;
}

/** Beside each other for longer, and it is no rollout any more. */
const LONGEST = minutes(6 * 60);
/** Fine enough to see a version come, coarse enough for months. */
const COARSE = minutes(5);
const FINE = minutes(1);

/** Finds the deployments that Prometheus remembers, and plays candidate policies on them. */
export async function learnPolicy(
  context: Context,
  options: HistoryOptions,
  {
    daysBack,
    withdrawnWithinMs,
    seed,
  }: { readonly daysBack: number; readonly withdrawnWithinMs: number; readonly seed: number },
): Promise<ExitCode> {
  const { io, commands } = context;
  const { lane, plan } = await readPolicy(context, options.config, options.env);
  const names = { app: lane.application, environment: lane.environment };
  const history = await commands.openMetricHistory(prometheusFlags(options), names, io.env);
  const to = instant(Math.floor(io.now() / COARSE) * COARSE);
  const span = { from: instant(to - days(daysBack)), to, stepMs: COARSE, withdrawnWithinMs };
  const found = findDeployments(await history.versions(span.from, span.to, COARSE), span);
  const trial = new Trial(lane, candidatesFor(plan), seed);
  const played: PastDeployment[] = [];
  for (const past of found) {
    if (io.interrupted.aborted) return EXIT.interrupted;
    const ticks = await traceOf(history, past, { stepMs: FINE, longestMs: LONGEST });
    if (ticks.length === 0) continue;
    trial.play(past, ticks, FINE);
    played.push(past);
  }
  if (played.length === 0)
    throw new SpillwayError('not_found', `no deployment in the last ${daysBack} days`, {
      where: options.prometheus ?? '',
      hint: 'The version must be a label that changes with each release: --requests \'http_requests_total{version="{{version}}"}\'.',
    });
  const learnt: Learnt = { deployments: played, scores: trial.scores(), daysBack, withdrawnWithinMs };
  const scores = learnt.scores.map(({ candidate: { name, written }, ...score }) => ({
    name,
    written,
    ...score,
  }));
  await context.show({ ...lane, daysBack, withdrawnWithinMs, deployments: played, policies: scores }, () =>
    learntLines(`${lane.application}/${lane.environment}`, learnt, context.canvas.width),
  );
  return EXIT.ok;
}
