import { z } from 'zod';
import { SpillwayError } from '../core/errors.ts';

/** What a backup may hold, as paths below the data folder; everything else is not Spillway's. */
const PLACES = [
  /^store\.db$/,
  /^(signing|versions)\.key$/,
  /^edge\/state\.json$/,
  /^(secrets|pending-events)\/[^/]+$/,
  /^git\/[^/]+\.git\.(head|bundle)$/,
  /^sources\/[^/]+\/artifacts\/[^/]+(\/|$)/,
  /^apps\/[^/]+\/[^/]+\/releases\/[^/]+(\/|$)/,
];

const LONGEST_NAME = 255;
const LONGEST_PATH = 3000;

/** A path with `/` that leads nowhere else. */
const name = z.string().refine((text) => {
  const sound = (part: string) =>
    part !== '' &&
    part !== '.' &&
    part !== '..' &&
    !part.includes('\0') &&
    Buffer.byteLength(part) <= LONGEST_NAME;
  return (
    Buffer.byteLength(text) <= LONGEST_PATH &&
    text.split('/').every(sound) &&
    PLACES.some((place) => place.test(text))
  );
}, 'is no path that a backup may hold');

const size = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const part = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), name, mode: z.int().min(0).max(0o777), size, sha256 }),
  z.strictObject({ kind: z.literal('link'), name, to: z.string().min(1) }),
  z.strictObject({ kind: z.literal('folder'), name }),
]);

const manifest = z.strictObject({
  /** When it was begun: everything acknowledged before is in it. */
  made: z.iso.datetime(),
  /** The version of Spillway that made it. */
  spillway: z.string(),
  store: z.strictObject({
    /** Steps of form of the embedded store: a backup holds a store in that form, wherever it was kept. */
    form: z.int().min(1),
    events: size,
    /** Of the audit log, over all its leaves; the root in hex. */
    size,
    root: sha256,
    checkpoint: z.string().nullable(),
  }),
  parts: z.array(part),
});

export type Manifest = z.infer<typeof manifest>;
export type ManifestPart = Manifest['parts'][number];
export type FilePart = Extract<ManifestPart, { readonly kind: 'file' }>;

/**
 * Reads what a backup says of itself; whoever can write an open backup can say anything.
 * @throws SpillwayError `corrupt` for parts that lie outside, double or below one that is no folder
 */
export function parseManifest(text: string, where: string): Manifest {
  const read = manifest.safeParse(asJson(text));
  if (!read.success) throw refused(`its list of parts is not sound: ${z.prettifyError(read.error)}`, where);
  const { parts } = read.data;
  const kinds = new Map(parts.map((one) => [one.name, one.kind]));
  if (kinds.size < parts.length) throw refused('it names a part twice', where);
  for (const { name: path } of parts)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      if ((kinds.get(path.slice(0, end)) ?? 'folder') !== 'folder')
        throw refused(`${JSON.stringify(path)} lies below a part that is no folder`, where);
  const sizes = new Map<string, number>();
  for (const one of parts)
    if (one.kind === 'file' && (sizes.get(one.sha256) ?? one.size) !== one.size)
      throw refused(`${JSON.stringify(one.name)} has the content of another part, and another size`, where);
    else if (one.kind === 'file') sizes.set(one.sha256, one.size);
  if (kinds.get('store.db') !== 'file') throw refused('it holds no store', where);
  return read.data;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const refused = (what: string, where: string) =>
  new SpillwayError('corrupt', `the backup is refused: ${what}`, { where, hint: 'Nothing of it was used.' });

/** The contents of a backup in their order: what several parts have in common is there once. */
export function contentsOf(parts: readonly ManifestPart[]): ReadonlyMap<string, readonly FilePart[]> {
  return Map.groupBy(
    parts.filter((one) => one.kind === 'file'),
    ({ sha256: content }) => content,
  );
}

/** Bytes that the parts take on a disk. */
export const bytesOf = (parts: readonly ManifestPart[]): number =>
  parts.reduce((sum, one) => sum + (one.kind === 'file' ? one.size : 0), 0);
