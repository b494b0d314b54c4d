import { z } from 'zod';

/** A webhook with its references resolved. */
export const webhookSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  /**
   * Signs every message; `whsec_` and base64 as Standard Webhooks writes it, or any text. null = unsigned.
   */
  secret: z.string().min(1).nullable(),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
});

export type WebhookSettings = z.infer<typeof webhookSettings>;
