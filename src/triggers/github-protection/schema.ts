import { z } from 'zod';
import { sha } from '../git-ref.ts';

export const githubProtectionSettings = z.strictObject({
  secrets: z.array(z.string().min(16, { error: 'must have at least 16 characters' })).min(1),
});

export type GithubProtectionSettings = z.infer<typeof githubProtectionSettings>;

const id = z.int().min(1);

/** What is read of a `deployment_protection_rule` event. The address to answer to is not believed: it is only read for the run's number. */
export const protectionPayload = z.object({
  action: z.literal('requested', { error: 'must be requested' }),
  environment: z.string().min(1).max(255),
  deployment_callback_url: z.string().max(1000),
  deployment: z.object({ sha, ref: z.string().max(300).nullish() }),
  repository: z.object({
    full_name: z
      .string()
      .regex(/^(?!\.\.?\/)[\w.-]{1,100}\/(?!\.\.?$)[\w.-]{1,100}$/, { error: 'must be owner/name' }),
  }),
  sender: z.object({ login: z.string().min(1).max(100) }).optional(),
  installation: z.object({ id }).nullish(),
});

export type ProtectionPayload = z.infer<typeof protectionPayload>;
