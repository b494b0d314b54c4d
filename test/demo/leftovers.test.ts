import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endLeftovers, serverFile } from '../../demo/leftovers.ts';
import { edgePaths } from '../../src/edge/paths.ts';
import { bootId, processRow } from '../../src/exec/processes.ts';
import { createEdgeTraffic } from '../../src/traffic/edge/index.ts';

function folder(t: TestContext) {
  const out = mkdtempSync(join(tmpdir(), 'demo-'));
  t.after(() => rmSync(out, { recursive: true }));
  return { out, data: join(out, 'data') };
}

/** A process as a shim or the demo would have left it. */
async function sleeper(t: TestContext) {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await once(child, 'spawn');
  t.after(() => child.kill('SIGKILL'));
  const { pid = 0 } = child;
  return { child, identity: { pid, start: processRow(pid)?.start ?? 0, boot: bootId() } };
}

test('the server, the edge and the instances are ended', async (t) => {
  const { out, data } = folder(t);
  const server = await sleeper(t);
  writeFileSync(serverFile(out), JSON.stringify(server.identity));
  const instance = await sleeper(t);
  const place = join(data, 'apps', 'shop', 'production', 'instances', 'abc-0-1');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'pid'), JSON.stringify(instance.identity));
  const edge = join(data, 'edge');
  await createEdgeTraffic({ dir: edge }).ensureRunning();
  const { pid } = JSON.parse(readFileSync(edgePaths(edge).info, 'utf8')) as { pid: number };

  const gone = Promise.all([server, instance].map(({ child }) => once(child, 'exit')));
  assert.equal(await endLeftovers(out, data), 3);
  await gone;
  assert.ok(['Z', undefined].includes(processRow(pid)?.state));
  assert.equal(await endLeftovers(out, data), 0);
});

test('a process that was given an old pid is left alone', async (t) => {
  const { out, data } = folder(t);
  const other = await sleeper(t);
  writeFileSync(serverFile(out), JSON.stringify({ ...other.identity, start: other.identity.start - 1 }));
  mkdirSync(join(data, 'edge'), { recursive: true });
  writeFileSync(edgePaths(join(data, 'edge')).info, JSON.stringify({ pid: other.identity.pid }));
  assert.equal(await endLeftovers(out, data), 0);
  assert.equal(other.child.exitCode, null);
  assert.equal(other.child.signalCode, null);
});

test('a folder without anything has nothing to end', async (t) => {
  const { out, data } = folder(t);
  assert.equal(await endLeftovers(out, data), 0);
});
