import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLES = join(ROOT, 'examples');
const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const isService = (name: string): boolean => existsSync(join(EXAMPLES, name, 'spillway.yaml'));

describe('every example', () => {
  for (const { name } of folders)
    it(`${name} is in the index, and valid as it stands`, () => {
      assert.ok(readFileSync(join(EXAMPLES, 'README.md'), 'utf8').includes(`](${name}/README.md)`));
      if (!isService(name)) return;
      const folder = join(EXAMPLES, name);
      const said = execFileSync(join(ROOT, 'bin', 'spillway'), ['validate'], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.equal(said, 'spillway.yaml is valid\n');
    });
});
