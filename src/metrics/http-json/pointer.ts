/** What a JSON pointer (RFC 6901) points at; undefined where there is nothing. */
export function pointed(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  let here = document;
  for (const part of pointer.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}

export const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
