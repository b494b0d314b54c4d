import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder that is gone after the test. */
export function folderOf(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-store-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}
