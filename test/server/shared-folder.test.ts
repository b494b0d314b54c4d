import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkFolder } from '../../src/server/shared-folder.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';

test('a store is shared by servers of one data folder, or of a copy of it with its keys, and by no other', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'spillway-folder-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = (name: string) => join(root, name);
  mkdirSync(folder('first'));
  mkdirSync(folder('second'));
  const store = memoryStore(seededChance(1));
  await checkFolder(store, folder('first'));
  await checkFolder(store, folder('first'));
  cpSync(folder('first'), folder('copy'), { recursive: true });
  await checkFolder(store, folder('copy'));
  await assert.rejects(checkFolder(store, folder('second')), {
    code: 'conflict',
    message: /another data folder/,
    where: folder('second'),
  });
});
