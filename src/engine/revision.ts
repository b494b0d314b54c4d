import { createHash } from 'node:crypto';
import { revisionDigest } from '../core/ids.ts';
import type { Revision } from '../core/release.ts';
import { entryBytes } from '../ledger/index.ts';
import { asJson } from './tasks.ts';

/** A revision without its number, which depends on those before it. */
type NewRevision = Omit<Revision, 'configuration'>;

/** Gives a revision its identity: the artifact, the environment's configuration and the secrets in use. */
export function identify(parts: Omit<NewRevision, 'digest'>): NewRevision {
  const { release, runtime, secrets } = parts;
  const bytes = entryBytes(asJson({ artifact: release.artifact, runtime, secrets }));
  return { ...parts, digest: revisionDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`) };
}
