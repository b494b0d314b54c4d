import type { Config, Reference } from './config.ts';
import type { Source } from './document.ts';
import { pathText, type Problem } from './problem.ts';

const REFERENCE = /\$\{([A-Za-z_]\w*)\}/g;

/** Every `${NAME}` in the file, with the place of the text that it stands in. */
export function referencesIn(source: Source): Reference[] {
  const found: Reference[] = [];
  for (const { path, text } of source.texts())
    for (const [, name = ''] of text.matchAll(REFERENCE))
      found.push({ name, file: source.file, ...source.position(path, 'value'), path });
  return found;
}

/**
 * Names that are neither a secret nor an environment variable. `validate` shows them as warnings; `up` and a
 * deployment stop at them.
 */
export const unresolved = (
  config: Config,
  has: (name: string) => boolean,
  severity: 'error' | 'warning' = 'error',
): Problem[] =>
  config.references
    .filter((reference) => !has(reference.name))
    .map(({ name, file, line, column, path }) => ({
      file,
      line,
      column,
      path: pathText(path),
      message: `\${${name}} is not set: neither a secret nor an environment variable has this name`,
      expected: `a secret or an environment variable named ${name}`,
      severity,
      code: 'config_invalid',
    }));

/** Puts values in the place of references. @param valueOf undefined = not set: the reference stays */
export const resolveReferences = (text: string, valueOf: (name: string) => string | undefined): string =>
  text.replaceAll(REFERENCE, (reference, name: string) => valueOf(name) ?? reference);
