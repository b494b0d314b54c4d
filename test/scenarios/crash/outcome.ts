import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../../src/core/deployment.ts';
import { isAlive, type ProcessIdentity } from '../../../src/exec/processes.ts';
import { createEdgeTraffic } from '../../../src/traffic/edge/index.ts';
import type { Scenario } from '../support/scenario.ts';

/** What is left of a rollout once everything has come to rest. Releases are called `new` and `old`, so that two runs can be compared. */
export interface Outcome {
  /** The deployment's state with what it knows; without its reason, which names instances. */
  readonly status: Readonly<Record<string, unknown>>;
  /** The reason that was left out above, for whoever looks for the cause. */
  readonly cause: string | null;
  /** Types of its events in order, without `verdict.changed`: how often the judge changes its mind depends on when it looks. */
  readonly events: readonly string[];
  /** Who carries the traffic as recorded. */
  readonly serving: string;
  /** Who carries it at the edge: arm, release, weight in hundredths of a percent, endpoints. */
  readonly route: readonly string[];
  /** What runs, by release. */
  readonly running: readonly string[];
  /** How often each effect that leaves a trace was performed. */
  readonly done: Readonly<Record<'start' | 'build' | 'gate', number>>;
  /** Keys of effects that were asked for more than once. */
  readonly repeatedKeys: readonly string[];
}

const CALM_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 50;
const LANE = 'tiny/production';

/** The outcome, once what runs is what is routed. */
export async function settled(scenario: Scenario, deployment: Deployment, version: string): Promise<Outcome> {
  const over = performance.now() + CALM_LIMIT_MS;
  for (;;) {
    const outcome = await outcomeOf(scenario, deployment, version);
    const calm = outcome.route.length === 1 && outcome.running.length === 1;
    if (calm || performance.now() > over) return outcome;
    await sleep(LOOK_EVERY_MS);
  }
}

async function outcomeOf(scenario: Scenario, deployment: Deployment, version: string): Promise<Outcome> {
  const { dataDir } = scenario.place;
  const nameOf = (digest: string | undefined) => (digest === deployment.revision?.digest ? 'new' : 'old');
  const { lane } = await scenario.lane();
  const route = await createEdgeTraffic({ dir: join(dataDir, 'edge') }).observe(LANE);
  const events = scenario.journal.of(deployment.id);
  const keys = events.flatMap((event) => ('key' in event && event.key !== null ? [event.key] : []));
  return {
    status: { ...deployment.status, reason: undefined },
    events: events.map(({ type }) => type).filter((type) => type !== 'verdict.changed'),
    serving: nameOf(lane.environment.serving?.digest),
    route: (route?.routing.arms ?? []).map(
      ({ arm, revision, weight, endpoints }) => `${arm} ${nameOf(revision)} ${weight} on ${endpoints.length}`,
    ),
    running: counted(runningIn(dataDir).map(nameOf)),
    cause: 'reason' in deployment.status ? deployment.status.reason : null,
    done: scenario.project.done(version),
    repeatedKeys: keys.filter((key, index) => keys.indexOf(key) !== index),
  };
}

/** The revisions of all instances that run, read from their folders without a hand in them. */
function runningIn(dataDir: string): readonly string[] {
  const instances = join(dataDir, 'apps', LANE, 'instances');
  return readdirSync(instances).flatMap((name) => {
    try {
      const read = (file: string) => JSON.parse(readFileSync(join(instances, name, file), 'utf8')) as unknown;
      const { revision } = read('spec.json') as { readonly revision: string };
      return isAlive(read('pid') as ProcessIdentity) ? [revision] : [];
    } catch {
      return []; // just being made, or removed
    }
  });
}

/** `['new', 'new']` as `['2 new']`. */
const counted = (names: readonly string[]): readonly string[] =>
  [...new Set(names)].sort().map((name) => `${names.filter((one) => one === name).length} ${name}`);
