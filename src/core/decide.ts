import { obey } from './commands.ts';
import type { Decision } from './decision.ts';
import { isTerminal } from './deployment.ts';
import { createDraft, type Draft } from './draft.ts';
import type { Command, Input, Observation, Outcome, TimerDue } from './input.ts';
import { findDeployment, type Lane } from './lane.ts';
import { degraded, judged } from './observations.ts';
import { conclude } from './outcomes.ts';
import { settle } from './queue.ts';
import { request } from './request.ts';
import { timerDue } from './timers.ts';

/**
 * What an input means for a lane. Deterministic: the same lane and input give the same decision everywhere. An input
 * that comes late, twice or out of order gives an empty decision.
 */
export function decide(lane: Lane, input: Input): Decision {
  const draft = createDraft(lane, input.at, input.actor);
  if (isFact(input)) {
    notice(draft, input);
  } else if (input.type === 'request') {
    request(draft, input);
  } else {
    const refused = obey(draft, input);
    if (refused !== null) return { events: [], effects: [], cancel: [], refused };
  }
  settle(draft);
  return draft.finish();
}

type Fact = Outcome | Observation | TimerDue;

const FACTS: ReadonlySet<string> = new Set<Fact['type']>(['outcome', 'verdict', 'degraded', 'timer']);

const isFact = (input: Fact | Command): input is Fact => FACTS.has(input.type);

function notice(draft: Draft, fact: Fact): void {
  const deployment = findDeployment(draft.lane(), fact.deployment);
  if (deployment === undefined || isTerminal(deployment.status.state)) return;
  switch (fact.type) {
    case 'outcome':
      return conclude(draft, deployment, fact);
    case 'verdict':
      return judged(draft, deployment, fact);
    case 'degraded':
      return degraded(draft, deployment, fact);
    case 'timer':
      return timerDue(draft, deployment, fact.timer);
  }
}
