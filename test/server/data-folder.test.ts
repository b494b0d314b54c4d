import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeDataFolder } from '../../src/server/data-folder.ts';
import { temporaryFolder } from '../support/running-cli.ts';

const run = promisify(execFile);

test('a data folder inside a project is no part of what Git sees', async (t) => {
  const project = await temporaryFolder(t);
  await run('git', ['init', '--quiet', project]);
  const dataDir = join(project, '.spillway');
  await makeDataFolder(dataDir);
  await writeFile(join(dataDir, 'signing.key'), 'known to nobody');
  assert.equal((await run('git', ['-C', project, 'status', '--porcelain'])).stdout, '');
  await writeFile(join(dataDir, '.gitignore'), 'mine');
  await makeDataFolder(dataDir);
  assert.equal(await readFile(join(dataDir, '.gitignore'), 'utf8'), 'mine');
});
