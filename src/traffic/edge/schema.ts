import { z } from 'zod';
import type { Routing } from '../../ports/traffic.ts';

const ALL_ADDRESSES = '0.0.0.0';
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

const port = z.int().min(1).max(65_535);

const address = z.union([port, z.string()]).transform((value, context): Routing['listen'] => {
  if (typeof value === 'number') return { host: ALL_ADDRESSES, port: value };
  const [, v6, name, digits] = HOST_AND_PORT.exec(value) ?? [];
  const host = v6 ?? name;
  if (host !== undefined && Number(digits) >= 1 && Number(digits) <= 65_535)
    return { host, port: Number(digits) };
  context.addIssue({
    code: 'custom',
    message: `must be a port or "host:port", not ${JSON.stringify(value)}`,
  });
  return z.NEVER;
});

/** What an environment's configuration says about the built-in edge. */
export const edgeTrafficSchema = z
  .strictObject({
    /** `8080` listens on every address; `127.0.0.1:8080` or `[::1]:8080` on one. */
    listen: address,
    /** Whether a visitor stays on the version that they have met; `none` draws every request by itself. */
    sticky: z.enum(['cookie', 'none']).default('cookie'),
    cookie: z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'is no valid cookie name')
      .default('spillway'),
  })
  .transform(({ listen, sticky, cookie }): Pick<Routing, 'listen' | 'sticky'> => ({
    listen,
    sticky: sticky === 'cookie' ? { by: 'cookie', name: cookie } : { by: 'none' },
  }));

export type EdgeTrafficConfig = z.infer<typeof edgeTrafficSchema>;
