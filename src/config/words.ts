/**
 * Splits a command line into its arguments at spaces; quotes and backslashes work as in a shell, and nothing is
 * expanded, since commands run without one; `${NAME}` is a reference and stays.
 * @returns undefined when it is empty, a quote is left open, or it needs a shell (pipes, redirections, variables)
 */
export function splitCommand(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (quote === '"' && /[$`]/.test(char) && needsShell(text, i)) return undefined;
      else if (char === '\\' && quote === '"' && /["\\]/.test(text[i + 1] ?? '')) word += text[++i] ?? '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char) && char !== '\n') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '\\' && i + 1 < text.length) {
      word = (word ?? '') + (text[++i] ?? '');
    } else {
      if (needsShell(text, i)) return undefined;
      word = (word ?? '') + char;
    }
  }
  if (word !== undefined) words.push(word);
  return quote === '' && words.length > 0 && words[0] !== '' ? words : undefined;
}

/** Whether a shell would read more into the character at `at` than itself. */
const needsShell = (text: string, at: number): boolean =>
  text[at] === '$' ? !/^\$\{[A-Za-z_]\w*\}/.test(text.slice(at)) : /[|&;<>()`\n]/.test(text[at] ?? '');
