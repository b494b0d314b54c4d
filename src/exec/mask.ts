const STARS = '***';

/** Hides secrets in text that comes in pieces, also one that lies across the border of two. */
export interface Masker {
  /** @returns what can be shown already */
  push(chunk: Buffer): Buffer;
  /** @returns the rest */
  end(): Buffer;
}

/** Shorter lines of a secret of several lines are no secret by themselves. */
const SHORTEST_LINE = 6;

/**
 * The values and, of those with several lines (keys), each line, since programs indent them. Compared byte by byte: as
 * `latin1` a character is a byte.
 */
function needlesOf(secrets: readonly string[]): readonly string[] {
  const lines = secrets.flatMap((secret) =>
    secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE),
  );
  return [...new Set([...secrets, ...lines])]
    .filter((secret) => secret !== '')
    .map((secret) => Buffer.from(secret).toString('latin1'))
    .toSorted((a, b) => b.length - a.length); // the longest wins where one begins with another
}

/** Where the text ends with what may be the beginning of a needle; its length when it does not. */
function openEnd(text: string, needles: readonly string[]): number {
  const longest = needles[0]?.length ?? 0;
  for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++) {
    const end = text.slice(at);
    if (needles.some((needle) => needle.length > end.length && needle.startsWith(end))) return at;
  }
  return text.length;
}

export function createMasker(secrets: readonly string[]): Masker {
  const needles = needlesOf(secrets);
  if (needles.length === 0) return { push: (chunk) => chunk, end: () => Buffer.alloc(0) };
  const escaped = needles.map((needle) => needle.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  const pattern = new RegExp(escaped.join('|'), 'g');
  let held = '';

  /** Shows what is before `limit`; no longer needle than the one found can begin there. */
  const release = (limit: number): Buffer => {
    let shown = '';
    let from = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(held); match && match.index < limit; match = pattern.exec(held)) {
      shown += held.slice(from, match.index) + STARS;
      from = match.index + match[0].length;
    }
    const to = Math.max(from, limit);
    shown += held.slice(from, to);
    held = held.slice(to);
    return Buffer.from(shown, 'latin1');
  };

  return {
    push(chunk) {
      held += chunk.toString('latin1');
      return release(openEnd(held, needles));
    },
    end: () => release(held.length),
  };
}

export function maskText(text: string, secrets: readonly string[]): string {
  const masker = createMasker(secrets);
  return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString();
}
