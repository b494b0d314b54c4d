/**
 * Where messages go is down for the length of a release, and then where releases come from: what was to be said is said later, what was
 * asked for is done later, and the server's health tells of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import { Journal } from '../../demo/journal.ts';
import { endLeftovers } from '../../demo/leftovers.ts';
import { Load } from '../../demo/load-process.ts';
import { createClient, type Client } from '../../src/cli/client.ts';
import { isLaneEvent } from '../../src/views/sentence.ts';
import { Project } from '../scenarios/support/project.ts';
import { freePort } from '../support/free-port.ts';
import { none } from './support/figures.ts';
import { Repository, Sink } from './support/flaky.ts';
import { healthOf } from './support/health.ts';
import { inFolder, sayAs } from './support/script.ts';
import { Spawned } from './support/spawned.ts';

const say = sayAs('sink');
const PATIENCE_MS = 60_000;
const USERS_PER_SECOND = 300;
const LONGEST_SECONDS = 600;
const DOWN_MS = 8000;
/** The longest pause between two attempts, and the attempt. */
const RECOVERED_MS = 30_000;
const LOOK_EVERY_MS = 100;

await inFolder('sink', async (folder) => {
  const repository = new Repository(join(folder, 'origin.git'));
  const sink = new Sink(await freePort());
  const port = await freePort();
  const project = new Project(folder, port);
  const data = join(folder, 'data');
  mkdirSync(data);
  const more = `\nsource: ${repository.path}\nnotification_channels: { webhook: [{ url: '${sink.url}' }] }\n`;
  const commit = (version: string) => {
    const made = project.commit({ version, metrics: more });
    repository.take(project.dir);
    return made;
  };
  commit('first');
  repository.up();
  await sink.up();
  const server = await Spawned.start(project.dir, data, {});
  const client = createClient(data, 'faults', new AbortController().signal);
  const journal = new Journal(client, () => {});
  const users = new Load(`http://127.0.0.1:${port}`, USERS_PER_SECOND, LONGEST_SECONDS);
  try {
    await run({ repository, sink, data, client, journal, commit });
  } finally {
    await users.stop();
    journal.stop();
    await server.kill();
    sink.down();
    await endLeftovers(folder, data);
  }
});

interface Parts {
  readonly repository: Repository;
  readonly sink: Sink;
  readonly data: string;
  readonly client: Client;
  readonly journal: Journal;
  readonly commit: (version: string) => string;
}

async function run({ repository, sink, data, client, journal, commit }: Parts): Promise<void> {
  /** Asks for what is on main now. */
  const ask = () =>
    client.post('/api/v1/deployments', { application: 'tiny', environment: 'production', ref: 'main' });
  const completed = (of: string) =>
    journal.until(`the end of ${of}`, PATIENCE_MS, () => {
      const requested = journal.events.find(
        ({ event }) =>
          isLaneEvent(event) && event.type === 'deployment.requested' && event.request.commit === of,
      );
      if (requested === undefined || requested.deployment === null) return undefined;
      return journal.last(requested.deployment, 'deployment.completed');
    });
  const ofMessages = async () => (await healthOf(data)).subsystems['notifications'];

  const first = commit('one');
  await ask();
  await completed(first);

  sink.down();
  const heard = sink.types.length;
  const second = commit('two');
  await ask();
  await completed(second);
  const silent = await ofMessages();
  say(`the sink is down, and the release completed; health: ${silent?.status}: ${silent?.reason}`);
  await sink.up();
  const upAt = Date.now();
  const delivered = () => sink.types.slice(heard).some((type) => type.endsWith('deployment.completed'));
  while ((!delivered() || (await ofMessages())?.status !== 'healthy') && Date.now() < upAt + 2 * RECOVERED_MS)
    await sleep(LOOK_EVERY_MS);
  const deliveredAfter = Date.now() - upAt;
  const later = sink.types.slice(heard);
  const missing = [...new Set(sink.types.slice(0, heard))].filter((type) => !later.includes(type));
  say(`up again: ${later.length} messages came within ${deliveredAfter} ms`);

  repository.down();
  const third = commit('three');
  const asked = await ask().then(
    () => 'taken',
    (error: unknown) => String(error),
  );
  await sleep(DOWN_MS);
  const { subsystems } = await healthOf(data);
  const troubled = Object.entries(subsystems).filter(([, { status }]) => status !== 'healthy');
  say(`the repository is down; a request was ${asked}; health: ${JSON.stringify(troubled)}`);
  repository.up();
  const backAt = Date.now();
  const done = await completed(third);
  const requested = journal.of(done.deployment).find(({ type }) => type === 'deployment.requested');
  report('faults-sink', [
    none('silent in health about the sink', silent?.status === 'degraded' ? 0 : 1),
    {
      what: 'from the return of the sink until all was delivered',
      unit: 'ms',
      value: deliveredAfter,
      bar: { on: 'value', atMost: RECOVERED_MS },
    },
    none('kinds of messages that never came', missing.length),
    none('requests refused while the repository was down', asked === 'taken' ? 0 : 1),
    none('silent in health about the repository', troubled.length > 0 ? 0 : 1),
    {
      what: 'from the return of the repository to the request of the deployment',
      unit: 'ms',
      value: (requested?.at ?? Number.NaN) - backAt,
      bar: { on: 'value', atMost: RECOVERED_MS },
    },
  ]);
}
