import type { AdapterSchemas } from '../../src/config/adapters.ts';
import type { Config } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { processSettings } from '../../src/targets/process/schema.ts';
import { edgeTrafficSchema } from '../../src/traffic/edge/schema.ts';

/** What the composition root hands in. */
export const adapters: AdapterSchemas = {
  targets: { process: processSettings },
  traffic: { edge: edgeTrafficSchema },
};

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
