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
function patternOf(
  secrets: readonly string[],
): { readonly pattern: RegExp; readonly longest: number } | undefined {
  const lines = secrets.flatMap((secret) =>
    secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE),
  );
  const needles = [...new Set([...secrets, ...lines])]
    .filter((secret) => secret !== '')
    .map((secret) => Buffer.from(secret).toString('latin1'))
    .toSorted((a, b) => b.length - a.length); // the longest wins where one begins with another
  const [first] = needles;
  if (first === undefined) return undefined;
  const escaped = needles.map((needle) => needle.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return { pattern: new RegExp(escaped.join('|'), 'g'), longest: first.length };
}

export function createMasker(secrets: readonly string[]): Masker {
  const search = patternOf(secrets);
  if (!search) return { push: (chunk) => chunk, end: () => Buffer.alloc(0) };
  const { pattern, longest } = search;
  let held = '';

  /** Shows what is before `limit`; a match that begins before it is complete, as `longest` characters follow. */
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
      return release(Math.max(0, held.length - longest + 1));
    },
    end: () => release(held.length),
  };
}

export function maskText(text: string, secrets: readonly string[]): string {
  const masker = createMasker(secrets);
  return Buffer.concat([masker.push(Buffer.from(text)), masker.end()]).toString();
}
