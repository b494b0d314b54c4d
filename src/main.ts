#!/usr/bin/env -S node --max-semi-space-size=4
import { enableCompileCache } from 'node:module';
import type { Commands } from './cli/index.ts';

// What is imported at the top is loaded before the cache is on: everything else is imported from here on.
enableCompileCache();
const { processIo, runCli } = await import('./cli/index.ts');
const { gitHook, invocation } = await import('./server/invocation.ts');
const { ownVersion } = await import('./server/version.ts');

/** The server's parts are loaded only by the verbs that need them. */
const commands: Commands = {
  version: ownVersion(),
  invocation,
  gitHook,
  startServer: async (options) => (await import('./server/index.ts')).startServer(options),
  openMetricSource: async (...args) => (await import('./server/metric-sources.ts')).openMetricSource(...args),
  openMetricHistory: async (...args) =>
    (await import('./server/metric-sources.ts')).openMetricHistory(...args),
  adapterSchemas: async () => (await import('./server/project.ts')).adapterSchemas(),
};

process.exitCode = await runCli(process.argv.slice(2), processIo(), commands);
