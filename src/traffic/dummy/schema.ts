import { z } from 'zod';

/** What an environment's configuration says about the dummy: a routing's own words. */
export const dummyTrafficSchema = z.strictObject({
  listen: z.strictObject({ host: z.string(), port: z.int().min(0).max(65_535) }),
  sticky: z
    .union([
      z.strictObject({ by: z.literal('none') }),
      z.strictObject({ by: z.literal('cookie'), name: z.string() }),
    ])
    .default({ by: 'none' }),
});
