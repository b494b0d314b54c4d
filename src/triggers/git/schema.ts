import { z } from 'zod';
import { ref, sha } from '../git-ref.ts';

/** What `spillway hook post-receive` reports of one updated ref. */
export const postReceiveReport = z.strictObject({
  oldSha: sha,
  newSha: sha,
  ref,
  /** The user that pushed, as the host knows them. */
  actor: z.string().min(1).max(100),
  deliveryId: z.string().regex(/^[A-Za-z0-9-]{1,100}$/, { error: 'must be an id of letters, digits and -' }),
  application: z.string().min(1).max(63).optional(),
});
