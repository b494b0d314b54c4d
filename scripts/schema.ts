// Writes schema/spillway.schema.json, the JSON Schema of spillway.yaml. A test fails while it is out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { processSettings } from '../src/targets/process/schema.ts';
import { edgeTrafficSchema } from '../src/traffic/edge/schema.ts';

const schema = configJsonSchema({
  targets: { process: processSettings },
  traffic: { edge: edgeTrafficSchema },
});
mkdirSync(new URL('../schema', import.meta.url), { recursive: true });
writeFileSync(
  new URL('../schema/spillway.schema.json', import.meta.url),
  `${JSON.stringify(schema, null, 2)}\n`,
);
