import { z } from 'zod';
import type { AdapterSchemas } from './adapters.ts';
import { spillwayFile } from './vocabulary/spillway.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/**
 * The JSON Schema of `spillway.yaml`, for editors. It knows the adapters that are handed in, and the single-trigger form.
 */
export function configJsonSchema(adapters: AdapterSchemas): Schema {
  const file = jsonSchema(spillwayFile);
  const properties = propertiesOf(file);
  const environment = valuesOf(properties['environments']);
  for (const place of [properties, propertiesOf(environment)]) {
    place['target'] = withAdapters(place['target'], adapters.targets);
    place['traffic'] = withAdapters(place['traffic'], adapters.traffic);
    place['metrics'] = withAdapters(place['metrics'], adapters.metrics);
  }
  const trigger = properties['triggers']?.items as Schema;
  const { action, condition, approval } = propertiesOf(trigger);
  Object.assign(properties, { trigger: { ...trigger, required: ['event'] }, action, condition, approval });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'spillway.yaml',
    description: 'What one application is, where it runs, and how a release gets there.',
    ...file,
  };
}

const jsonSchema = (schema: z.ZodType): Schema => {
  const { $schema: _, ...body } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return body;
};

const propertiesOf = (schema: Schema | undefined) =>
  (schema?.properties ?? {}) as Record<string, Schema | undefined>;

const valuesOf = (schema: Schema | undefined) => schema?.additionalProperties as Schema | undefined;

/** Keys of every kind; which of them must be there is only known once the environment lies over the top. */
const withAdapters = (place: Schema | undefined, schemas: AdapterSchemas['targets']): Schema => ({
  ...place,
  properties: {
    ...propertiesOf(place),
    ...Object.assign({}, ...Object.values(schemas).map((schema) => propertiesOf(jsonSchema(schema)))),
    type: { enum: Object.keys(schemas) },
  },
});
