// Writes schema/spillway.schema.json, the JSON Schema of spillway.yaml. A test fails while it is out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/config/json-schema.ts';
import { adapterSchemas } from '../src/server/project.ts';

const schema = configJsonSchema(await adapterSchemas());
mkdirSync(new URL('../schema', import.meta.url), { recursive: true });
writeFileSync(
  new URL('../schema/spillway.schema.json', import.meta.url),
  `${JSON.stringify(schema, null, 2)}\n`,
);
