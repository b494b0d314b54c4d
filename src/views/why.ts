import { isTerminal, type Deployment, type Rollout } from '../core/deployment.ts';
import type { LaneEvent } from '../core/events.ts';
import { labelOf } from '../core/release.ts';
import { elapsed } from '../core/time.ts';
import type { Assessment } from '../judge/index.ts';
import { figuresOf, type Figures } from './figures.ts';
import { nextSteps, type NextStep } from './next.ts';
import { explainRule } from './rules.ts';
import { tell, type Tone } from './sentence.ts';
import { summaryOf, type DeploymentSummary } from './summary.ts';
import { lasting, plural, share, utc } from './words.ts';

/** What happened to a deployment, on what evidence, and what to do next: one screen. */
export interface Why {
  readonly deployment: DeploymentSummary;
  readonly tone: Tone;
  readonly headline: string;
  readonly evidence: readonly Proof[];
  /** The turning points, oldest first. */
  readonly story: readonly StoryLine[];
  readonly next: readonly NextStep[];
}

/** One reason, with what it rests on. */
export interface Proof {
  /** `gate coverage`, `verdict issue`, `health` */
  readonly source: string;
  readonly at: string;
  readonly reason: string;
  /** The rule that decided, in words; null where the reason says it all. */
  readonly rule: string | null;
  readonly figures: Figures | null;
  /** Where the output is kept. */
  readonly kept: string | null;
}

export interface StoryLine {
  readonly at: string;
  /** Since the deployment was requested, ms. */
  readonly afterMs: number;
  readonly tone: Tone;
  readonly text: string;
}

/** @param events of the deployment, oldest first  @param assessment the judge's latest look, while there is one */
export function whyOf(
  deployment: Deployment,
  events: readonly LaneEvent[],
  assessment: Assessment | null,
): Why {
  const zero = events.find((event) => event.type === 'rollback.traffic_zero');
  const began = events.findLast((event) => event.type === 'rollback.started');
  const toZeroMs = zero && began ? elapsed(began.at, zero.at) : null;
  const evidence = proofsOf(deployment, events, assessment);
  const { tone, headline } = headlineOf(deployment, events, toZeroMs);
  return {
    deployment: summaryOf(deployment),
    tone,
    headline,
    evidence,
    story: storyOf(events, deployment, [headline, ...evidence.map(({ reason }) => reason)]),
    next: nextSteps(deployment),
  };
}

function headlineOf(
  deployment: Deployment,
  events: readonly LaneEvent[],
  toZeroMs: number | null,
): { readonly tone: Tone; readonly headline: string } {
  const { status, paused, since, requestedAt } = deployment;
  if (paused) return { tone: 'warn', headline: `Paused by ${paused.by}: ${paused.reason}` };
  switch (status.state) {
    case 'completed': {
      const live = events.find((event) => event.type === 'deployment.live');
      const took = lasting(elapsed(requestedAt, live?.at ?? since));
      const soak = status.soakComplete ? 'and soaked in full' : 'but a newer release cut its soak short';
      return { tone: 'good', headline: `Completed: live after ${took}, ${soak}.` };
    }
    case 'failed':
      return failedHeadline(deployment, status, events, toZeroMs);
    case 'rejected':
      return { tone: 'warn', headline: `Rejected before anything was deployed: ${status.reason}` };
    case 'rolling_back':
      return { tone: 'bad', headline: `Rolling back: ${status.rollback.cause}` };
    case 'monitoring':
      return { tone: 'good', headline: 'Live; its soak is being watched.' };
    case 'approved':
      return { tone: 'plain', headline: 'Waits for its turn: one deployment of an environment at a time.' };
    case 'approval':
      return { tone: 'warn', headline: 'Waits for a person to approve it.' };
    case 'deploying':
      return { tone: 'plain', headline: rolloutHeadline(deployment, status.rollout) };
    case 'pending':
    case 'validating':
    case 'building':
    case 'testing':
    case 'expired':
    case 'verifying':
      return { tone: 'plain', headline: `In progress: ${status.state}.` };
  }
}

function rolloutHeadline({ plan }: Deployment, { step, retreats, weight, response }: Rollout): string {
  if (plan.strategy !== 'canary') return 'In progress: the rollout.';
  const steps = plan.steps.length;
  if (response === 'retreat')
    return `It retreats: harm is shown, and is watched at ${share(weight)} of the traffic.`;
  const again = retreats === 0 ? '' : `, after ${plural(retreats, 'retreat')}`;
  return `In progress: step ${Math.min(step + 1, steps)} of ${steps} of the rollout${again}.`;
}

function failedHeadline(
  deployment: Deployment,
  status: Extract<Deployment['status'], { readonly state: 'failed' }>,
  events: readonly LaneEvent[],
  toZeroMs: number | null,
): { readonly tone: Tone; readonly headline: string } {
  if (status.rolledBack === null)
    return { tone: 'bad', headline: `Failed before it met any traffic: ${status.reason}` };
  if (!status.rolledBack)
    return { tone: 'bad', headline: `Failed, and could NOT be rolled back: ${status.reason}` };
  const to = events.findLast((event) => event.type === 'rollback.completed')?.to ?? deployment.previous;
  const back = to ? `to ${labelOf(to)}` : 'and withdrawn (it was the first release)';
  const speed = toZeroMs === null ? '' : `; no traffic reached it ${lasting(toZeroMs)} after the decision`;
  return { tone: 'bad', headline: `Rolled back ${back}${speed}.` };
}

/** Failed gates, the latest verdict that moved something, and what the checks found. */
function proofsOf(
  { gates, status }: Deployment,
  events: readonly LaneEvent[],
  assessment: Assessment | null,
): readonly Proof[] {
  const failedGates = events.flatMap((event): readonly Proof[] => {
    if (event.type !== 'gate.failed' && event.type !== 'gate.warned') return [];
    const { reason, evidence } = gates[event.gate] ?? event.outcome;
    const source = `gate ${event.gate}`;
    return [{ source, at: utc(event.at), reason, rule: null, figures: null, kept: evidence }];
  });
  const found = events.flatMap((event): readonly Proof[] =>
    event.type === 'degradation.found' ? [proof(event.check, event.at, event.check, event)] : [],
  );
  const judged = events.findLast((event) => event.type === 'verdict.changed');
  const ended = isTerminal(status.state) || status.state === 'rolling_back';
  const live = ended || assessment === null ? null : { ...assessment, at: assessment.record.context.now };
  const look = live ?? judged;
  const idle = status.state === 'monitoring' && look?.verdict === 'undecided';
  const verdict =
    look === undefined || idle ? [] : [proof(`verdict ${look.verdict}`, look.at, look.rule, look)];
  return [...failedGates, ...found, ...verdict];
}

const proof = (
  source: string,
  at: number,
  rule: string,
  { reason, record }: { readonly reason: string; readonly record: unknown },
): Proof => ({
  source,
  at: utc(at),
  reason,
  rule: explainRule(rule),
  figures: figuresOf(record),
  kept: null,
});

/** The turning points; a reason that was given above or before is not given again. */
function storyOf(
  events: readonly LaneEvent[],
  { requestedAt }: Deployment,
  above: readonly string[],
): readonly StoryLine[] {
  const given = [...above];
  return events.flatMap((event) => {
    const { tone, text } = tell(event);
    if (tone === 'quiet') return [];
    const reason = reasonIn(event);
    const repeated = reason !== '' && given.some((before) => before.includes(reason));
    given.push(reason);
    const told = repeated ? text.slice(0, text.indexOf(reason)).replace(/:\s*$/, '') : text;
    return [{ at: utc(event.at), afterMs: elapsed(requestedAt, event.at), tone, text: told }];
  });
}

function reasonIn(event: LaneEvent): string {
  if ('reason' in event) return event.reason;
  if ('outcome' in event) return event.outcome.reason;
  return 'cause' in event ? event.cause : '';
}
