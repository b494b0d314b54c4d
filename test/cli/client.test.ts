import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { describe, it, type TestContext } from 'node:test';
import { createClient } from '../../src/cli/client.ts';
import { replicaSocketIn, socketIn } from '../../src/cli/discover.ts';
import { temporaryFolder } from '../support/running-cli.ts';

const clientOf = (dir: string) => createClient(dir, 'ada', new AbortController().signal);

/** A server that says its name. */
async function listen(t: TestContext, socket: string, name: string): Promise<void> {
  const server = createServer((_, answer) => answer.end(JSON.stringify({ name })));
  server.listen(socket);
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
}

describe('the way to a server of a folder', () => {
  it('is its socket, where there is one', async (t) => {
    const dir = await temporaryFolder(t);
    await listen(t, socketIn(dir), 'alone');
    assert.deepEqual(await clientOf(dir).get('/'), { name: 'alone' });
  });

  it('is that of any replica that listens, past those that have ended', async (t) => {
    const dir = await temporaryFolder(t);
    await writeFile(replicaSocketIn(dir, 100), 'nobody listens here any more');
    await listen(t, replicaSocketIn(dir, 200), 'second');
    assert.deepEqual(await clientOf(dir).get('/'), { name: 'second' });
  });

  it('is missed in words where nobody listens', async (t) => {
    const dir = await temporaryFolder(t);
    await writeFile(replicaSocketIn(dir, 100), '');
    await assert.rejects(clientOf(dir).get('/'), {
      code: 'unavailable',
      message: 'the Spillway server is not running',
      where: socketIn(dir),
    });
  });
});
