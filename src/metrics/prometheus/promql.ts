import { SpillwayError } from '../../core/errors.ts';
import { fillTemplate, placeholdersIn } from '../template.ts';

const NAMES = ['app', 'environment', 'version', 'revision', 'arm', 'instance', 'window'];
const SELECTOR = /^\s*(?:[A-Za-z_:][\w:]*\s*)?(?:\{[^{}]*\}\s*)?$/;

/** Where a place in a query lies: which quotes are around it, and whether they hold a regular expression. */
interface Place {
  readonly quote: '"' | "'" | '`' | null;
  readonly regex: boolean;
}

function placeAt(query: string, offset: number): Place {
  let quote: Place['quote'] = null;
  let regex = false;
  for (let i = 0; i < offset; i++) {
    const char = query[i];
    if (quote === null) {
      if (char !== '"' && char !== "'" && char !== '`') continue;
      quote = char;
      regex = /[=!]~\s*$/.test(query.slice(0, i));
    } else if (char === '\\' && quote !== '`') i++;
    else if (char === quote) quote = null;
  }
  return { quote, regex };
}

/** Why a template will not do; undefined where it will. The sentence goes on from the name of its key. */
export function problemWith(query: string): string | undefined {
  const names = placeholdersIn(query);
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    return `may contain ${NAMES.map((n) => `{{${n}}}`).join(' ')}, not {{${unknown}}}`;
  for (const [text, name] of [...query.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((m) => [m, m[1]] as const)) {
    const { quote, regex } = placeAt(query, text.index);
    if (name === 'window' ? quote !== null : quote === null)
      return name === 'window'
        ? 'must have {{window}} outside of quotes, as in [{{window}}]'
        : `must have {{${name}}} within quotes, as in version="{{version}}"`;
    if (name === 'instance' && !regex) return 'must match {{instance}} by =~, since it stands for several';
  }
  const plain = withoutTexts(query.replaceAll(/\{\{\s*\w+\s*\}\}/g, ''));
  if (names.includes('window') || SELECTOR.test(plain)) return undefined;
  return 'should be a selector of counters such as http_requests_total{version="{{version}}"}, or an expression with [{{window}}]';
}

/**
 * A query with its values, each written so that it cannot end the text that it stands in: versions may be named by anyone who can push.
 * @param instances fills {{instance}}; null = any
 * @throws SpillwayError `config_invalid` for a value that cannot stand where it should
 */
export function fillQuery(
  template: string,
  values: Readonly<Record<string, string>>,
  instances: readonly string[] | null,
): string {
  return fillTemplate(template, { ...values, instance: '' }, (value, offset, name) => {
    const { quote, regex } = placeAt(template, offset);
    if (quote === null) return value;
    const literal = regex ? quotedForRegex(value) : value;
    const text = name === 'instance' ? (instances?.map(quotedForRegex).join('|') ?? '.*') : literal;
    if (quote !== '`') return quoted(text, quote);
    if (!text.includes('`')) return text;
    throw new SpillwayError('config_invalid', `${JSON.stringify(value)} cannot stand within backticks`, {
      where: template,
      hint: 'Use double quotes in the query.',
    });
  });
}

const quotedForRegex = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);

/** As PromQL reads texts (Go's escapes). */
const quoted = (text: string, quote: string): string =>
  text.replaceAll(/[\\"']|\p{Cc}/gu, (char) => {
    if (char === '\\' || char === quote) return `\\${char}`;
    if (char === '"' || char === "'") return char;
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });

const withoutTexts = (query: string): string =>
  query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""');

/** The metric that a selector names; undefined where only labels say it. */
export const metricOf = (selector: string): string | undefined =>
  /^\s*([A-Za-z_:][\w:]*)/.exec(selector)?.[1];

/** The labels that a selector asks for, whatever their values. */
export const labelsAskedFor = (selector: string): string[] =>
  [...withoutTexts(selector).matchAll(/([A-Za-z_]\w*)\s*(?:=~|=)/g)].map(([, label = '']) => label);
