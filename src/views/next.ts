import type { Deployment } from '../core/deployment.ts';
import { shortId } from './ids.ts';

/** Something a person may do now; `command` null = nothing to type. */
export interface NextStep {
  readonly text: string;
  readonly command: string | null;
}

/** What to do about a deployment as it stands, most useful first. */
export function nextSteps({ id, lane, status, paused, previous }: Deployment): readonly NextStep[] {
  const on = (verb: string, text: string): NextStep => ({ text, command: `spillway ${verb} ${shortId(id)}` });
  const deployAgain = step('deploy again once it is mended', `spillway deploy --env ${lane.environment}`);
  if (paused) {
    const forward = [on('resume', 'go on from here'), on('promote', 'go to the next step at once')];
    return [...forward, on('abort', 'give up and roll back')];
  }
  switch (status.state) {
    case 'completed':
      return [
        step(
          'go back if it has to be',
          `spillway rollback --app ${lane.application} --env ${lane.environment}`,
        ),
      ];
    case 'failed':
      if (status.rolledBack !== false) return [deployAgain];
      return [
        step('send all traffic to stable; works without the server', 'spillway edge stable 100'),
        step(
          'allow deployments again once it is mended',
          `spillway env unlock ${lane.application}/${lane.environment} --reason ...`,
        ),
      ];
    case 'rejected':
      return [deployAgain];
    case 'rolling_back':
      return [on('watch', 'follow it')];
    case 'deploying':
    case 'verifying':
    case 'monitoring':
      return [
        on('watch', 'follow it'),
        on('pause', 'hold the traffic where it is'),
        on('abort', previous ? 'roll back' : 'withdraw it'),
      ];
    case 'pending':
    case 'validating':
    case 'building':
    case 'testing':
    case 'approval':
    case 'expired':
    case 'approved':
      return [on('watch', 'follow it'), on('cancel', 'call it off')];
  }
}

const step = (text: string, command: string): NextStep => ({ text, command });
