/**
 * Globs as GitHub Actions reads them in its filters for branches, tags and paths: `*` all but `/`, `**` everything,
 * `?` and `+` repeat the character before them (none or one; one or more), `[a-z]` one of a set, `\` takes the next
 * character as it is, and a leading `!` takes out again what earlier globs let in.
 *
 * Matching simulates the automaton, one step a character, so that no glob can make it slow.
 */
export function matchesGlobs(globs: readonly string[], text: string): boolean {
  let taken = false;
  for (const glob of globs) {
    const negated = glob.startsWith('!');
    if (matchesGlob(negated ? glob.slice(1) : glob, text)) taken = !negated;
  }
  return taken;
}

/** What is wrong with a glob, as the phrase for what was expected; undefined when nothing is. */
export function globProblem(glob: string): string | undefined {
  const body = glob.startsWith('!') ? glob.slice(1) : glob;
  if (body === '' || body.length > 256) return 'a glob of 1 to 256 characters';
  const tokens = compile(body);
  return typeof tokens === 'string' ? tokens : undefined;
}

type Accepts = (char: string) => boolean;
/** `dirs` is `**` with the slash after it: any folders, or none. */
type Token =
  | { readonly kind: 'char'; readonly accepts: Accepts; readonly optional: boolean; readonly repeat: boolean }
  | { readonly kind: 'dirs' };

function matchesGlob(glob: string, text: string): boolean {
  const tokens = compile(glob);
  if (typeof tokens === 'string') return false;
  // State 2i: before token i. State 2i + 1: inside it, after at least one character.
  let states = reach(tokens, new Set([0]));
  for (const char of text) {
    const next = new Set<number>();
    for (const state of states) step(tokens, state, char, next);
    if (next.size === 0) return false;
    states = reach(tokens, next);
  }
  return states.has(tokens.length * 2);
}

function step(tokens: readonly Token[], state: number, char: string, next: Set<number>): void {
  const index = state >> 1;
  const token = tokens[index];
  if (token === undefined) return;
  if (token.kind === 'dirs') {
    next.add(index * 2 + 1);
    if (char === '/') next.add(index * 2 + 2);
  } else if (token.accepts(char) && (state % 2 === 0 || token.repeat)) {
    next.add(token.repeat ? index * 2 + 1 : index * 2 + 2);
  }
}

/** Adds the states that are reached without a character. */
function reach(tokens: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) {
    const token = tokens[state >> 1];
    if (token === undefined) continue;
    const inside = state % 2 === 1;
    const passable = token.kind === 'dirs' ? !inside : inside || token.optional;
    if (passable) states.add((state >> 1) * 2 + 2);
  }
  return states;
}

const any: Accepts = () => true;
const anyButSlash: Accepts = (char) => char !== '/';

/** The tokens of a glob, or what it should have been. */
function compile(glob: string): Token[] | string {
  const chars = Array.from(glob);
  const tokens: Token[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '*') {
      const double = chars[i + 1] === '*';
      while (chars[i + 1] === '*') i++;
      const dirs = double && chars[i + 1] === '/';
      if (dirs) i++;
      tokens.push(
        dirs
          ? { kind: 'dirs' }
          : { kind: 'char', accepts: double ? any : anyButSlash, optional: true, repeat: true },
      );
    } else if (char === '?' || char === '+') {
      const before = tokens.at(-1);
      if (before?.kind !== 'char' || before.repeat || before.optional)
        return `a glob in which ${char} follows the character that it repeats`;
      tokens[tokens.length - 1] = { ...before, optional: char === '?', repeat: char === '+' };
    } else if (char === '[') {
      const end = chars.indexOf(']', i + 1);
      const accepts = end > i + 1 ? characterSet(chars.slice(i + 1, end)) : undefined;
      if (!accepts)
        return 'a glob whose [ is closed by ] with characters between them (\\[ for a bracket itself)';
      tokens.push({ kind: 'char', accepts, optional: false, repeat: false });
      i = end;
    } else {
      const literal = char === '\\' ? chars[++i] : char;
      if (literal === undefined) return 'a glob that does not end in \\';
      tokens.push({ kind: 'char', accepts: (c) => c === literal, optional: false, repeat: false });
    }
  }
  return tokens;
}

/** `a-z0-9_`: single characters and ranges; undefined when a range runs backwards. */
function characterSet(chars: readonly string[]): Accepts | undefined {
  const ranges: Array<readonly [string, string]> = [];
  for (let i = 0; i < chars.length; i++) {
    const from = chars[i] ?? '';
    const isRange = chars[i + 1] === '-' && i + 2 < chars.length;
    const to = isRange ? (chars[i + 2] ?? from) : from;
    if (to < from) return undefined;
    ranges.push([from, to]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([from, to]) => char >= from && char <= to);
}
