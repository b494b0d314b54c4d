#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { processIo, runCli } from './cli/index.ts';
import type { Commands } from './cli/index.ts';
import { gitHook, invocation } from './server/invocation.ts';
import { ownVersion } from './server/version.ts';

enableCompileCache();

/** The server's parts are loaded only by the verbs that need them. */
const commands: Commands = {
  version: ownVersion(),
  invocation,
  gitHook,
  startServer: async (options) => (await import('./server/index.ts')).startServer(options),
  adapterSchemas: async () => (await import('./server/index.ts')).adapterSchemas(),
};

process.exitCode = await runCli(process.argv.slice(2), processIo(), commands);
