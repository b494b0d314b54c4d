import { z } from 'zod';
import type { Routing } from '../../ports/traffic.ts';

const ALL_ADDRESSES = '0.0.0.0';
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/;

const port = z.int().min(1).max(65_535);
const address = z.strictObject({ host: z.string().min(1), port });
const cookieName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'is no valid cookie name');

const hostAndPort = z.string().transform((text, context): Routing['listen'] => {
  const [, v6, name, digits] = HOST_AND_PORT.exec(text) ?? [];
  const parsed = address.safeParse({ host: v6 ?? name, port: Number(digits) });
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: `must be a port or "host:port", not ${JSON.stringify(text)}` });
  return z.NEVER;
});

/** Every address of the machine. */
const portAlone = port.transform((number): Routing['listen'] => ({ host: ALL_ADDRESSES, port: number }));

const stickiness = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('none') }),
  z.strictObject({ by: z.literal('cookie'), name: cookieName }),
]);

/**
 * What an environment's configuration says about the built-in edge. What it puts out it also takes, so that a kept plan is read
 * by the same schema.
 */
export const edgeTrafficSchema = z
  .strictObject({
    /** `8080` listens on every address; `127.0.0.1:8080` or `[::1]:8080` on one. */
    listen: z.union([portAlone, hostAndPort, address], {
      error: 'a port such as 8080, or an address such as "127.0.0.1:8080"',
    }),
    /** Whether a visitor stays on the version that they have met; `none` draws every request by itself. */
    sticky: z.union([z.enum(['cookie', 'none']), stickiness]).default('cookie'),
    /** The cookie's name. */
    cookie: cookieName.default('spillway'),
  })
  .transform(({ listen, sticky, cookie }): Pick<Routing, 'listen' | 'sticky'> => {
    if (typeof sticky === 'object') return { listen, sticky };
    return { listen, sticky: sticky === 'cookie' ? { by: 'cookie', name: cookie } : { by: 'none' } };
  });
