import { z } from 'zod';

export const variableName = () =>
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'the name of an environment variable' });

/** Environment variables; values may contain `${NAME}`. */
export const variables = () =>
  z.record(
    variableName(),
    z
      .union([z.string(), z.number(), z.boolean()], { error: 'text, a number, true or false' })
      .transform(String),
  );
