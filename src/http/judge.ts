import { setImmediate as otherWork } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SpillwayError } from '../core/errors.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { tapeInTurns } from '../engine/observer/tape.ts';
import { assess, DEFAULT_SETTINGS, type AssessmentContext, type Judge } from '../judge/index.ts';
import { answerOf } from '../views/judge/answer.ts';
import { Replay } from '../views/judge/replay.ts';
import {
  assessmentContext,
  instanceHistory,
  momentOfTime,
  someJudgeSettings,
} from '../views/judge/schema.ts';
import { recordOf } from '../views/judge/write.ts';
import { isLaneEvent } from '../views/sentence.ts';
import * as input from './input.ts';
import { deploymentIn } from './resolve.ts';

/** A day of ticks every ten seconds, with histograms. */
const BODY_BYTES = 8 * 1024 * 1024;
const MOST_TICKS = 100_000;
/** After so many milliseconds other requests get their turn. */
const TURN_MS = 50;
/** A judge changes its mind a few dozen times at most. */
const EVENTS = 5000;

const question = z.strictObject({
  settings: someJudgeSettings.default(DEFAULT_SETTINGS),
  started_at: momentOfTime,
  history: instanceHistory.default([]),
  steps: z.array(momentOfTime).max(1000).default([]),
  ticks: z
    .array(z.unknown())
    .min(1, 'must have at least one tick')
    .max(MOST_TICKS, `must be at most ${MOST_TICKS}`),
  context: z.record(z.string(), z.unknown()).default({}),
});

type Question = z.output<typeof question>;

/** The judge by itself, and what it was given for a deployment. */
export function judgeRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const { store } = controlPlane;
  app.post('/judge', { bodyLimit: BODY_BYTES }, async (request) => {
    const asked = input.parse(question, request.body);
    const judge = await judgeOf(asked);
    return answerOf(assess(judge, contextOf(asked, judge)));
  });

  app.get('/deployments/:id/judge', async (request) => {
    const deployment = await deploymentIn(controlPlane, request);
    const { id } = deployment;
    // First what the judge says, then what it was given: that may be more, and never less.
    const latest = (await controlPlane.live(id))?.assessment ?? null;
    const tape = await tapeInTurns(deployment, await store.series(id));
    if (tape === null)
      throw new SpillwayError('not_found', `nothing was judged of deployment ${id}`, {
        where: 'id',
        hint: 'The judge begins to look when the new version has begun to serve.',
      });
    const stored = await store.events({ deployment: id, types: ['verdict.changed'], limit: EVENTS });
    const events = stored.map(({ event }) => event).filter(isLaneEvent);
    return recordOf(deployment, tape, events, latest);
  });
}

async function judgeOf(asked: Question): Promise<Judge> {
  const replay = new Replay(asked);
  let since = performance.now();
  while (replay.next() !== undefined) {
    if (performance.now() - since < TURN_MS) continue;
    await otherWork();
    since = performance.now();
  }
  return replay.judge;
}

/** What is not said is taken for a rollout that is looked at with its last tick, and asked to show its health. */
function contextOf({ context, started_at: startedAt }: Question, { lastTickAt }: Judge): AssessmentContext {
  const usual: AssessmentContext = {
    now: lastTickAt ?? startedAt,
    stepStartedAt: startedAt,
    minStepMs: 0,
    maxStepMs: Number.MAX_SAFE_INTEGER,
    concurrentBaseline: true,
    certificateRequired: true,
    staleAfterMs: 30_000,
  };
  return input.parse(z.object({ context: assessmentContext }), { context: { ...usual, ...context } }).context;
}
