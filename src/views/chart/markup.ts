type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Everything that XML 1.0 has no place for, escaped or not. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

/** Text as it may stand between tags and in attributes. */
export const escapeText = (text: string): string =>
  text.replace(FORBIDDEN, '\u{fffd}').replace(/[&<>"']/g, (found) => ENTITIES[found] ?? found);

/** A length in pixels, to a hundredth: more is noise that differs between machines. */
export const pixels = (length: number): string => String(Math.round(length * 100) / 100 + 0);

/** An element; what is undefined is left out, numbers are lengths. @param children markup, escaped already */
export function element(name: string, attributes: Attributes, children?: string): string {
  const said = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) => ` ${key}="${typeof value === 'number' ? pixels(value) : escapeText(String(value))}"`,
    )
    .join('');
  return children === undefined ? `<${name}${said}/>` : `<${name}${said}>${children}</${name}>`;
}

export type Anchor = 'start' | 'middle' | 'end';

/** A piece of text whose baseline lies at y. */
export const label = (text: string, x: number, y: number, style: string, anchor: Anchor = 'start'): string =>
  element(
    'text',
    { class: style, x, y, 'text-anchor': anchor === 'start' ? undefined : anchor },
    escapeText(text),
  );

/** About how wide a text of the chart's size is: which font there is, only the reader's machine knows. */
export const widthOf = (text: string): number => text.length * 6.7;
