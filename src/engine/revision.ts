import { createHash } from 'node:crypto';
import { revisionDigest } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { Revision } from '../core/release.ts';
import { asJson } from './tasks.ts';

/** A revision without its number, which depends on those before it. */
export type NewRevision = Omit<Revision, 'configuration'>;

/** Gives a revision its identity: the artifact, the environment's configuration and the secrets in use. */
export function identify(parts: Omit<NewRevision, 'digest'>): NewRevision {
  const { release, runtime, secrets } = parts;
  const text = canonical(asJson({ artifact: release.artifact, runtime, secrets }));
  return { ...parts, digest: revisionDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`) };
}

/** JSON with the keys of every object sorted, so that equal data gives equal text. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value as Readonly<Record<string, Json>>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}
