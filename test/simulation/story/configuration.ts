import type { Random } from '../random.ts';

/** An application with its environments, and how they are deployed to. */
export interface SimApplication {
  readonly name: string;
  readonly environments: readonly string[];
  readonly configuration: string;
}

const STEPS = [
  '[10, 50, 100]',
  '[5, 100]',
  '[0, 33.33, 100]',
  '[1, 12.5, 66.67, 100]',
  '[50, 100]',
  '[100]',
] as const;

/** A configuration with short times, so that a whole life fits into minutes, drawn from everything that changes the course. */
export function anApplication(name: string, random: Random): SimApplication {
  const environments = random.chance(0.12) ? ['staging', 'production'] : ['production'];
  const blocks = environments.map((environment) => environmentBlock(environment, random));
  const triggers = environments.map(
    (environment) => `  - { event: push, branches: [${environment}], action: deploy_${environment} }`,
  );
  const configuration = `
application: ${name}
target: { type: sim, instances: ${random.between(1, 4)} }
pause_limit: 90s
deadlines: { pending: 1m, validating: 1m, building: 2m, testing: 2m, approved: 10m, deploying: 90s, verifying: 1m, monitoring: 1m, rolling_back: 3m }
gates:
  check: { run: ['true'], timeout: 20s, on_failure: ${random.pick(['block', 'block', 'warn'])} }
environments:
${blocks.join('\n')}
triggers:
${triggers.join('\n')}
`;
  return { name, environments, configuration };
}

function environmentBlock(name: string, random: Random): string {
  const gates = random.chance(0.4) ? '[check]' : '[]';
  return `  ${name}:
    traffic: { type: sim, listen: { host: 127.0.0.1, port: ${name === 'production' ? 8080 : 8081} }, sticky: { by: none } }
    strategy: ${random.pick(['canary', 'canary', 'canary', 'immediate'])}
    required_gates: ${gates}
    canary: { ${canary(random)} }
    health: { interval: 1s, unhealthy_threshold: 3 }
    automatic_rollback_triggers: { health_checks: { consecutive_failures: 3, check_interval: 1s, timeout: 20s } }
    rollback: { timeout: ${random.pick(['20s', '45s'])}, max_attempts: ${random.between(1, 3)} }
    rollback_strategy: ${random.pick(['automatic', 'automatic', 'immediate', 'on_failure'])}
    during_soak: ${random.pick(['replace', 'replace', 'hold'])}
    soak_duration: ${random.pick(['0s', '15s', '30s'])}`;
}

function canary(random: Random): string {
  const settings = [
    `increment_steps: ${random.pick(STEPS)}`,
    `step_duration: ${random.pick(['5s', '8s', '15s'])}`,
    `warm_up: ${random.pick(['0s', '2s'])}`,
    `on_inconclusive: ${random.pick(['pause', 'rollback', 'proceed'])}`,
    `stages: ${random.pick([1, 2, 2])}`,
  ];
  if (random.chance(0.25)) settings.push('baseline: fresh');
  if (random.chance(0.3)) settings.push('pace: evidence');
  return settings.join(', ');
}
