import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applicationName,
  artifactDigest,
  deploymentId,
  effectKey,
  environmentName,
  revisionDigest,
  type LaneId,
} from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Revision } from '../../src/core/release.ts';
import type { StartRequest } from '../../src/ports/target.ts';

export const lane: LaneId = {
  application: applicationName('shop'),
  environment: environmentName('production'),
};

/** A revision whose digest is made of one digit. */
export const revisionOf = (digit: string, settings: JsonObject = {}): Revision => ({
  digest: revisionDigest(`sha256:${digit.repeat(64)}`),
  release: {
    application: lane.application,
    version: `1.0.${digit}`,
    commit: digit.repeat(40),
    artifact: artifactDigest(`sha256:${digit.repeat(64)}`),
  },
  runtime: {
    target: { type: 'process', settings },
    traffic: { type: 'edge', settings: {} },
    instances: 2,
  },
  secrets: {},
  configuration: 1,
});

export const startOf = (revision: Revision, key: string, count: number): StartRequest => ({
  key: effectKey(key),
  lane,
  deployment: deploymentId('d1'),
  revision,
  count,
});

const APPLICATION = `
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
const mode = process.env.MODE ?? '';
console.log('starting', mode);
if (mode === 'crash') process.exit(3);
if (mode === 'deaf') process.on('SIGTERM', () => console.log('ignored SIGTERM'));
if (mode === 'family') spawn('sleep', ['600'], { stdio: 'inherit' }).on('error', console.error);
if (mode === 'polite') process.on('SIGTERM', () => setTimeout(() => process.exit(0), 200));
let status = 200;
createServer((request, response) => {
  if (request.url === '/break') status = 503;
  if (request.url === '/exit') process.exit(7);
  if (request.url === '/environment') return response.end(JSON.stringify(process.env));
  if (request.url === '/moved') return response.writeHead(302, { location: '/health' }).end();
  if (mode === 'slow') return;
  response.writeHead(mode === 'ill' ? 503 : status).end('all is well');
}).listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'));
`;

/** A folder for a target and an artifact with a small server; `MODE` in its environment says how it behaves. */
export function makeRig() {
  const root = mkdtempSync(join(tmpdir(), 'spillway-process-'));
  const artifact = join(root, 'artifact');
  mkdirSync(join(artifact, 'bin'), { recursive: true });
  writeFileSync(join(artifact, 'server.mjs'), APPLICATION);
  writeFileSync(join(artifact, 'bin', 'tool'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return { root, artifact, dir: join(root, 'target'), remove: () => rmSync(root, { recursive: true }) };
}

/** Settings that start the server of the rig. */
export const serverSettings = (mode = '', more: JsonObject = {}): JsonObject => ({
  command: [process.execPath, 'server.mjs'],
  env: { MODE: mode },
  health: { timeout: 300 },
  ...more,
});

/** Pids of running processes whose environment has this entry, found without the code under test. */
export const processesWith = (entry: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry) &&
          !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
        );
      } catch {
        return false;
      }
    })
    .map(Number);
