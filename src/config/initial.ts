import { stringify } from 'yaml';

export interface InitialConfig {
  readonly application: string;
  /** The start command, as written on a line. */
  readonly command: string;
  readonly build?: string | undefined;
  /** null or nothing: the port is enough. */
  readonly health?: string | null | undefined;
  readonly listen?: number | undefined;
  readonly instances?: number | undefined;
}

/** A `spillway.yaml` to begin with: at most 15 lines, each with its reason beside it. */
export function initialConfig(project: InitialConfig): string {
  const { application, command, build, health, listen = 8080, instances = 2 } = project;
  const lines: ReadonlyArray<readonly [string, string]> = [
    [`application: ${scalar(application)}`, ''],
    ...(build === undefined
      ? []
      : [
          ['artifact:', ''] as const,
          [`  build: ${scalar(build)}`, 'run in a clean checkout of every commit'] as const,
        ]),
    ['target:', ''],
    [`  command: ${scalar(command)}`, 'gets its port as $PORT'],
    [`  instances: ${instances}`, ''],
    ['health:', ''],
    [
      `  path: ${health == null ? 'null' : scalar(health)}`,
      health == null ? 'or a path that answers 200 when all is well' : 'answers 200 when all is well',
    ],
    ['  interval: 5s', ''],
    ['traffic:', ''],
    [`  listen: ${listen}`, 'users come in here'],
    ['canary:', 'a push to main deploys to production, step by step'],
    ['  increment_steps: [1, 10, 50, 100]', 'percent of the traffic'],
    ['  step_duration: 5m', 'each step is watched this long, twice as long at most'],
  ];
  const width = Math.max(...lines.filter(([, why]) => why !== '').map(([text]) => text.length));
  return (
    lines.map(([text, why]) => (why === '' ? text : `${text.padEnd(width)}  # ${why}`)).join('\n') + '\n'
  );
}

/** A text as YAML on one line, quoted where it must be. */
const scalar = (text: string) => stringify(text, { lineWidth: 0 }).trimEnd();
