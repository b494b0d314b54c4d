import type { Refusal } from './decision.ts';
import type { Deployment, StateName } from './deployment.ts';
import { isTerminal } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { Command } from './input.ts';
import { activeOf, findDeployment } from './lane.ts';
import { stepsOf } from './planner.ts';
import { beginRollback } from './rollback.ts';
import { advance, enterStep, leaveStep, rolloutOf, soaked } from './rollout.ts';

type PersonalCommand = Exclude<Command, { readonly type: 'request' }>;
type About<Type extends PersonalCommand['type']> = Extract<PersonalCommand, { readonly type: Type }>;

/** Does what a person asks, or says why not. */
export function obey(draft: Draft, command: PersonalCommand): Refusal | null {
  if (command.type === 'unlock') return unlock(draft, command);
  const deployment = findDeployment(draft.lane(), command.deployment);
  if (deployment === undefined || isTerminal(deployment.status.state)) {
    return { code: 'not_found', reason: `${command.deployment} is not under way (any more)` };
  }
  switch (command.type) {
    case 'pause':
      return pause(draft, deployment, command);
    case 'resume':
      return resume(draft, deployment);
    case 'promote':
      return promote(draft, deployment, command);
    case 'abort':
      return abort(draft, deployment, command);
    case 'cancel':
      return cancel(draft, deployment, command);
  }
}

const conflict = (reason: string): Refusal => ({ code: 'conflict', reason });

const BEFORE_DEPLOYING: ReadonlySet<StateName> = new Set([
  'pending',
  'validating',
  'building',
  'testing',
  'approval',
  'expired',
  'approved',
]);

function pause(draft: Draft, { id, status, paused }: Deployment, { reason }: About<'pause'>): Refusal | null {
  if (status.state !== 'deploying' && status.state !== 'monitoring') {
    return conflict(`only what deploys or soaks can be paused; ${id} is ${status.state}`);
  }
  if (paused !== null) return conflict(`${id} is paused already: ${paused.reason}`);
  draft.emit({ type: 'deployment.paused', deployment: id, reason });
  return null;
}

function resume(draft: Draft, { id, paused }: Deployment): Refusal | null {
  if (paused === null) return conflict(`${id} is not paused`);
  draft.emit({ type: 'deployment.resumed', deployment: id });
  advance(draft, id);
  soaked(draft, id);
  return null;
}

function promote(draft: Draft, deployment: Deployment, { full }: About<'promote'>): Refusal | null {
  const { id, status, paused } = deployment;
  if (status.state !== 'deploying')
    return conflict(`only what deploys can be promoted; ${id} is ${status.state}`);
  if (status.rollout.phase !== 'watching') {
    return conflict(`${id} is ${status.rollout.phase} now; try again when that is done`);
  }
  if (paused !== null) draft.emit({ type: 'deployment.resumed', deployment: id });
  const last = stepsOf(deployment).length - 1;
  if (full && rolloutOf(deployment).step < last) enterStep(draft, id, last);
  else leaveStep(draft, id);
  return null;
}

function abort(draft: Draft, { id, status }: Deployment, { reason, event }: About<'abort'>): Refusal | null {
  if (BEFORE_DEPLOYING.has(status.state)) return conflict(`${id} has not begun to deploy; cancel it instead`);
  if (status.state === 'rolling_back') return conflict(`${id} is rolling back already`);
  const active = activeOf(draft.lane());
  if (active !== undefined && active.id !== id)
    return conflict(`${active.id} is rolling out; abort that one first`);
  beginRollback(draft, id, `aborted by ${draft.actor}: ${reason}`, event ?? null);
  return null;
}

function cancel(draft: Draft, { id, status }: Deployment, { reason }: About<'cancel'>): Refusal | null {
  if (!BEFORE_DEPLOYING.has(status.state)) return conflict(`${id} is ${status.state}; abort it instead`);
  draft.emit({ type: 'deployment.rejected', deployment: id, reason: `cancelled: ${reason}` });
  return null;
}

function unlock(draft: Draft, { reason }: About<'unlock'>): Refusal | null {
  if (draft.lane().environment.locked === null) return conflict('the environment is not locked');
  draft.emit({ type: 'environment.unlocked', reason });
  return null;
}
