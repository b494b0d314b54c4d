import { createHash } from 'node:crypto';
import { mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import type { ArtifactDigest, EffectKey } from '../core/ids.ts';
import type { ArtifactPlan } from '../core/plan.ts';
import { days, milliseconds, seconds } from '../core/time.ts';
import { createTail } from '../exec/capture.ts';
import { runCommand, type CommandEnd } from '../exec/command.ts';
import { minimalEnvironment } from '../exec/environment.ts';
import { copyTree, entriesOf, installFolder, missing } from '../exec/files.ts';
import { createMutex } from '../exec/mutex.ts';
import { end } from '../exec/processes.ts';
import type { Artifact } from '../ports/source.ts';
import type { System } from '../ports/system.ts';
import { digestTree } from './digest.ts';

export interface BuildRequest {
  readonly key: EffectKey;
  readonly plan: ArtifactPlan;
  readonly signal: AbortSignal;
  /** Puts the sources into a folder that does not exist yet. */
  readonly checkOut: (folder: string) => Promise<void>;
  /** What the build command learns beside `PATH` and the like. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Builds artifacts and keeps them by their digest. */
export interface Artifacts {
  build(request: BuildRequest): Promise<Artifact>;
  get(digest: ArtifactDigest): Promise<Artifact>;
}

const GRACE = seconds(5);
/** Of a failed build's output, for its error. */
const SHOWN = 4000;
const LINES = 20;
/** What a killed Spillway left of a build is deleted after this long. */
const ABANDONED = days(1);

/** Configuration and history are no part of what is deployed. */
const notDeployed = (path: string) => path === 'spillway.yaml' || basename(path) === '.git';

/** @param dir `artifacts/` and `work/` are made in it */
export function createArtifacts(dir: string, system: System): Artifacts {
  const mutex = createMutex();
  const work = join(dir, 'work');

  return {
    build: (request) => {
      const name = createHash('sha256').update(request.key).digest('hex').slice(0, 32);
      return mutex(name, async () => {
        await dropAbandoned(work, system);
        const folder = join(work, name);
        await rm(folder, { recursive: true, force: true });
        await mkdir(folder, { recursive: true });
        try {
          return await build(request, { folder, artifacts: join(dir, 'artifacts'), system });
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });
    },

    get: async (digest) => {
      const folder = join(dir, 'artifacts', nameOf(digest), 'files');
      if (!(await stat(folder).catch(missing)))
        throw new SpillwayError('not_found', `there is no artifact ${digest}`, { where: dir });
      return { digest, folder };
    },
  };
}

function nameOf(digest: ArtifactDigest): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex !== undefined) return hex;
  throw new SpillwayError('not_found', `${JSON.stringify(digest)} is no artifact's digest`);
}

async function dropAbandoned(work: string, system: System): Promise<void> {
  for (const name of await entriesOf(work)) {
    const made = await stat(join(work, name)).catch(missing);
    if (made && system.now() - made.mtimeMs > ABANDONED)
      await rm(join(work, name), { recursive: true, force: true });
  }
}

interface BuildPlace {
  readonly folder: string;
  readonly artifacts: string;
  readonly system: System;
}

async function build(request: BuildRequest, { folder, artifacts, system }: BuildPlace): Promise<Artifact> {
  const { plan, signal } = request;
  const sources = join(folder, 'source');
  await request.checkOut(sources);
  if (plan.build) await runBuild(plan.build, sources, request, system);
  const kept = join(folder, 'kept');
  const files = join(kept, 'files');
  await copyTree(await deployedFolder(sources, plan.path), files, { skip: notDeployed, readOnly: true });
  if (signal.aborted) throw ranOut();
  if ((await entriesOf(files)).length === 0)
    throw new SpillwayError('config_invalid', 'the artifact is empty', {
      where: `artifact.path: ${plan.path}`,
    });
  const digest = await digestTree(files);
  const place = join(artifacts, nameOf(digest));
  await mkdir(artifacts, { recursive: true });
  await installFolder(kept, place);
  return { digest, folder: join(place, 'files') };
}

const ranOut = () =>
  new SpillwayError('timeout', 'the build was ended before it was done', {
    hint: 'Its time is `deadlines.building`; or the deployment was cancelled.',
  });

async function runBuild(
  argv: readonly string[],
  sources: string,
  { key, signal, variables }: BuildRequest,
  system: System,
): Promise<void> {
  const output = createTail(SHOWN);
  const mark = createHash('sha256').update(`${sources}\0${key}`).digest('hex').slice(0, 32);
  const sleep = (wait: Parameters<System['sleep']>[0]) => system.sleep(wait);
  // What an earlier build left when Spillway itself was killed.
  await end({ leader: null, mark, reach: 'anywhere' }, milliseconds(0), sleep);
  const ended = await runCommand({
    argv,
    cwd: sources,
    env: { ...minimalEnvironment(), ...variables },
    mark,
    signal,
    grace: GRACE,
    sleep,
    output: (chunk) => output.push(chunk),
  });
  if (ended.kind === 'exited' && ended.code === 0) return;
  if (ended.kind === 'aborted') throw ranOut();
  const lines = output.text().split('\n').slice(-LINES).join('\n');
  throw new SpillwayError('command_failed', `the build ${howItEnded(ended)}${lines ? `\n${lines}` : ''}`, {
    where: argv.join(' '),
  });
}

function howItEnded(ended: Exclude<CommandEnd, { kind: 'aborted' }>): string {
  switch (ended.kind) {
    case 'exited':
      return `exited with code ${ended.code}`;
    case 'killed':
      return `was ended by ${ended.signal}`;
    case 'not_started':
      return `could not be started: ${ended.reason}`;
  }
}

/** @throws SpillwayError `config_invalid` when there is no such folder, or it is not inside the sources */
async function deployedFolder(sources: string, path: string): Promise<string> {
  const root = await realpath(sources);
  const folder = await realpath(join(root, path)).catch(missing);
  const inside = folder === root || folder?.startsWith(root + sep);
  if (folder !== undefined && inside && (await stat(folder)).isDirectory()) return folder;
  throw new SpillwayError('config_invalid', `there is no folder ${JSON.stringify(path)} in the sources`, {
    where: `artifact.path: ${path}`,
    hint: 'It is taken after the build, relative to the top of the repository, and must lie inside.',
  });
}
