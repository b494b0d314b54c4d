import { SpillwayError } from '../core/errors.ts';

/** The value of a secret or variable; undefined when there is none of that name. */
export type Secrets = (name: string) => string | undefined;

const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'TZ'];

/** What a program needs to run at all; nothing of Spillway's own settings and secrets. */
export const minimalEnvironment = (): Record<string, string> =>
  Object.fromEntries(INHERITED.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));

/**
 * Puts secrets in the place of `${NAME}`.
 * @throws SpillwayError `config_invalid` for a name that has no value
 */
export const resolveEnvironment = (
  env: Readonly<Record<string, string>>,
  secrets: Secrets,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).map(([variable, text]) => [
      variable,
      text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
        const value = secrets(name);
        if (value !== undefined) return value;
        throw new SpillwayError('config_invalid', `\${${name}} has no value`, {
          where: `env.${variable}`,
          hint: `Set the secret or the environment variable ${name}.`,
        });
      }),
    ]),
  );
