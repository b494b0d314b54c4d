import type { Deployment } from '../core/deployment.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { labelOf } from '../core/release.ts';
import { after, elapsed, hours, milliseconds, minutes, seconds, type Instant } from '../core/time.ts';
import type { ReviewAnswer } from '../ports/reviewer.ts';
import type { ClaimedTask, SystemEvent } from '../ports/store.ts';
import type { InboxPayload } from './intake/inbox-tasks.ts';
import type { Conclusion, TaskHandler } from './task-handler.ts';
import type { World } from './world.ts';

/** How long an answer may take to be known; then it is no. */
const VERDICT_LIMIT = hours(24);
/** A commit that is not deployed here by then will not be. */
const UNKNOWN_LIMIT = hours(1);
/** An answer that cannot be brought over is given up after this much longer. */
const DELIVERY_LIMIT = hours(24);
const ATTEMPT_LIMIT = minutes(1);
const LOOK_AGAIN = seconds(10);
const LONGEST_WAIT = minutes(10);
/** So many of an environment's newest deployments are looked through for a commit. */
const RECENT = 200;

const payloadOf = (task: ClaimedTask) => task.payload as unknown as InboxPayload;

/** Answers those who ask whether a commit is well: when it is known, and not before. */
export function reviewTasks(world: World, onRecorded: () => void): TaskHandler {
  const { store, system } = world;
  const conclude =
    (task: ClaimedTask, details: JsonObject): Conclusion =>
    async (completes) => {
      await store.record([answered(task, system.now(), details)], [], completes);
      onRecorded();
    };
  const again =
    (wait: number, why: string): Conclusion =>
    ({ key, fence }) =>
      store.retry(key, fence, after(system.now(), milliseconds(wait)), why);
  return {
    deadline: () => after(system.now(), ATTEMPT_LIMIT),
    async run(task, signal) {
      const { trigger, event, receivedAt } = payloadOf(task);
      const { review } = event;
      if (review === undefined) return conclude(task, { status: 'failure', reason: 'nothing was asked' });
      const age = elapsed(receivedAt, system.now());
      const late = age >= VERDICT_LIMIT + DELIVERY_LIMIT;
      try {
        const reviewer = await world.reviewer(trigger);
        const environment = reviewer.environmentFor(review.environment);
        const answer = answerOf(await deploymentOf(world, environment, review.commit), environment, age);
        if (answer === null) return again(LOOK_AGAIN, 'the verdict is not known yet');
        const receipt = await reviewer.answer(review, answer, signal);
        const details = { state: answer.state, reason: answer.comment, environment, run: review.run };
        if (receipt.delivered) return conclude(task, { ...details, status: 'success' });
        if (receipt.retry && !late)
          return again(Math.max(backOff(age), receipt.retryAfterMs ?? 0), receipt.answer);
        return conclude(task, { ...details, status: 'failure', answer: receipt.answer });
      } catch (error) {
        if (!late) throw error;
        return conclude(task, { status: 'failure', reason: messageOf(error) });
      }
    },
    giveUp: (_task, reason) => again(LONGEST_WAIT, reason),
  };
}

/** The longer it has taken, the less hurry there is. */
const backOff = (age: number): number => Math.min(LONGEST_WAIT, Math.max(LOOK_AGAIN, age / 20));

const answered = (task: ClaimedTask, at: Instant, details: JsonObject): SystemEvent => {
  const { event, trigger } = payloadOf(task);
  const { repository = null, environment = null } = event.metadata;
  const asked = { event: event.id, trigger, repository, asked_for: environment, commit: event.commitSha };
  return { type: 'event.answered', at, actor: event.actor, details: { ...asked, ...details } };
};

/** The newest deployment of a commit in an environment here. */
async function deploymentOf(
  { store }: World,
  environment: string,
  commit: string,
): Promise<Deployment | undefined> {
  const lanes = (await store.lanes()).filter((lane) => lane.environment === environment);
  const recent = await Promise.all(lanes.map((lane) => store.deployments({ lane, limit: RECENT })));
  return recent
    .flat()
    .filter(({ request, revision }) => (revision?.release.commit ?? request.commit) === commit)
    .toSorted((a, b) => b.requestedAt - a.requestedAt)[0];
}

/** No data never passes: what is not known in time is rejected. Null: not known yet. */
function answerOf(deployment: Deployment | undefined, environment: string, age: number): ReviewAnswer | null {
  const rejected = (why: string): ReviewAnswer => ({ state: 'rejected', comment: why });
  if (deployment === undefined)
    return age < UNKNOWN_LIMIT ? null : rejected(`This commit was not deployed to ${environment}.`);
  const { status, revision } = deployment;
  const name = `${revision === null ? 'This commit' : labelOf(revision)} in ${environment}`;
  switch (status.state) {
    case 'completed':
      return { state: 'approved', comment: `${name}: the rollout is complete.` };
    case 'monitoring': {
      const { verdict, rule } = status.rollout;
      const well = verdict !== 'issue' && verdict !== 'warning' && !status.rollout.degraded;
      if (well)
        return { state: 'approved', comment: `${name}: it carries the traffic, and no harm is shown.` };
      return age < VERDICT_LIMIT ? null : rejected(`${name}: verdict ${verdict} (${rule}).`);
    }
    case 'failed':
    case 'rejected':
      return rejected(`${name}: ${status.reason}`);
    case 'rolling_back':
      return rejected(`${name} is rolled back: ${status.rollback.cause}`);
    case 'pending':
    case 'validating':
    case 'building':
    case 'testing':
    case 'approval':
    case 'expired':
    case 'approved':
    case 'deploying':
    case 'verifying':
      return age < VERDICT_LIMIT ? null : rejected(`${name}: no verdict within a day; no data never passes.`);
  }
}
