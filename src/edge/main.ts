import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { claim } from './claim.ts';
import { createControl } from './control.ts';
import { Edge } from './edge.ts';
import { edgePaths } from './paths.ts';

const OWNER_ONLY_FOLDER = 0o700;

// Whoever started the edge may be gone, and the other end of its streams with them: traffic must not end for that.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.on('SIGHUP', () => undefined);

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

/** Goes on after a fault: one request that met a defect must not end all others while nobody is there to start the edge again. */
function surviveFaults(edge: Edge): void {
  const note = (error: unknown) => {
    edge.faults++;
    log(`fault: ${error instanceof Error ? error.stack : messageOf(error)}`);
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dir: { type: 'string' } } });
  if (values.dir === undefined) throw new Error('usage: edge --dir DIR');
  const paths = edgePaths(values.dir);
  mkdirSync(values.dir, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const edge = new Edge(paths.state, log);
  const ready = Promise.withResolvers<void>();
  const control = createControl(edge, ready.promise);
  if (!(await claim(control, paths.control))) {
    log('an edge holds this folder already');
    return process.exit(0);
  }
  await edge.start();
  ready.resolve();
  surviveFaults(edge);
  const leave = () => {
    log('leaving: no new connections, requests may end');
    // The folder is free at once, so that a successor can take the addresses over while the last requests end here.
    control.close();
    rmSync(paths.control, { force: true });
    void edge.leave().then(() => process.exit(0));
  };
  process.once('SIGTERM', leave).once('SIGINT', leave);
  const { pid, epoch, startedAt } = edge.status();
  writeFileSync(paths.info, JSON.stringify({ pid, epoch, startedAt }));
  log(`edge ${pid} is ready`);
}

main().catch((error: unknown) => {
  log(`cannot start: ${messageOf(error)}`);
  process.exit(1);
});
