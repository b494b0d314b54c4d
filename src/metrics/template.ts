import { SpillwayError } from '../core/errors.ts';
import type { MetricArm, MetricQuery } from '../ports/metrics.ts';

const PLACEHOLDER = /\{\{\s*([a-z_]+)\s*\}\}/g;

/** What a template may name, beside times. */
export const namesOf = (
  { application, environment }: MetricQuery,
  arm: MetricArm,
): Record<string, string> => ({
  app: application,
  environment,
  version: arm.version,
  revision: arm.revision,
  arm: arm.arm,
});

/** Names of all placeholders in a template. */
export const placeholdersIn = (template: string): string[] =>
  [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name);

/**
 * Fills `{{name}}`.
 * @param write makes a value safe for where it stands: `offset` is its place in the template
 * @throws SpillwayError `config_invalid` for a name that there is not
 */
export const fillTemplate = (
  template: string,
  values: Readonly<Record<string, string>>,
  write: (value: string, offset: number, name: string) => string,
): string =>
  template.replaceAll(PLACEHOLDER, (_, name: string, offset: number) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) return write(value, offset, name);
    throw new SpillwayError('config_invalid', `there is no {{${name}}}`, {
      where: template,
      hint: `There are: ${Object.keys(values).join(', ')}.`,
    });
  });
