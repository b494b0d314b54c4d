import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Holds a text against the one that was reviewed. `UPDATE_GOLDEN=1` writes the files anew: read the difference before you commit it.
 * @param folder of the golden files
 * @param extension under which other programs know such a text
 */
export function golden(folder: URL, name: string, found: string, extension = 'txt'): void {
  const file = new URL(`${name}.${extension}`, folder);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, found);
  }
  assert.equal(found, readFileSync(file, 'utf8'), `${name} is not what was reviewed`);
}
