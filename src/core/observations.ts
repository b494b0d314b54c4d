import type { Deployment } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { Observation } from './input.ts';
import { activeOf } from './lane.ts';
import { retreat } from './retreat.ts';
import { beginRollback } from './rollback.ts';
import { advance, rolloutOf, soaked } from './rollout.ts';

type Verdict = Extract<Observation, { readonly type: 'verdict' }>;
type Degraded = Extract<Observation, { readonly type: 'degraded' }>;

/** The judge has changed its mind about the step that is watched. */
export function judged(draft: Draft, deployment: Deployment, verdict: Verdict): void {
  if (!isJudged(deployment, verdict) || verdict.step !== rolloutOf(deployment).step) return;
  if (standsAside(draft, deployment)) return;
  const { id } = deployment;
  const known = rolloutOf(deployment);
  if (
    known.verdict !== verdict.verdict ||
    known.rule !== verdict.rule ||
    known.response !== verdict.response
  ) {
    const { step, rule, response, reason, record } = verdict;
    const changed = { step, verdict: verdict.verdict, rule, response, reason, record };
    draft.emit({ type: 'verdict.changed', deployment: id, ...changed });
  }
  if (verdict.verdict === 'issue' && mayRollBack(deployment)) return takeBack(draft, deployment, verdict);
  advance(draft, id);
  soaked(draft, id);
}

/** Where there is no baseline, or one stage alone was asked for, every harm that is shown ends the rollout. */
function takeBack(draft: Draft, { id, status, plan }: Deployment, { response, reason }: Verdict): void {
  const staged = status.state === 'deploying' && plan.analysis.stages === 2;
  if (staged && response === 'retreat') retreat(draft, id, reason);
  else beginRollback(draft, id, reason);
}

/** A deterministic check has failed: no statistics are needed to know that it is broken. */
export function degraded(draft: Draft, deployment: Deployment, found: Degraded): void {
  const { status } = deployment;
  if (status.state !== 'deploying' && status.state !== 'verifying' && status.state !== 'monitoring') return;
  // It is looked at all the time: what was found is not found again.
  if (standsAside(draft, deployment) || status.rollout.degraded) return;
  const { check, reason, record } = found;
  draft.emit({ type: 'degradation.found', deployment: deployment.id, check, reason, record });
  if (!mayRollBack(deployment)) return;
  beginRollback(draft, deployment.id, `${check === 'health' ? 'health' : 'crash loop'}: ${reason}`);
}

/** Harm counts also between two steps, while instances start or weights move: the canary serves meanwhile. */
const isJudged = ({ status }: Deployment, { verdict }: Verdict): boolean =>
  (status.state === 'deploying' && (status.rollout.phase === 'watching' || verdict === 'issue')) ||
  status.state === 'verifying' ||
  status.state === 'monitoring';

/** While a successor rolls out, the one that soaks is its way back and is not itself taken back. */
function standsAside(draft: Draft, { id }: Deployment): boolean {
  const active = activeOf(draft.lane());
  return active !== undefined && active.id !== id;
}

function mayRollBack({ status, plan }: Deployment): boolean {
  return status.state !== 'monitoring' || plan.rollback.when !== 'on_failure';
}
