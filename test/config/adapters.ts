import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { adapterSchemas } from '../../src/server/project.ts';

/** What the composition root hands in. */
export const adapters = await adapterSchemas();

/** A sound configuration as `parseConfig` gives it. @throws with all problems when it is not sound */
export function configOf(text: string): Config {
  const { config, problems } = parseConfig(text, 'spillway.yaml', adapters);
  if (!config) throw new Error(problems.map(formatProblem).join('\n'));
  return config;
}

/** The lines that every sound configuration has. */
export const BASE = `application: shop
target: { command: node server.js }
traffic: { listen: 8080 }
`;
