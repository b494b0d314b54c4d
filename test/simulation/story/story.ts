import type { PersonalCommand } from '../../../src/engine/control-plane.ts';
import { applicationName, environmentName, type LaneId } from '../../../src/core/ids.ts';
import type { EventKind, Faults } from '../faults.ts';
import type { Random } from '../random.ts';
import { QUALITIES, type Quality, type Releases, type SimRelease } from '../world/releases.ts';
import { anApplication, type SimApplication } from './configuration.ts';

/** What people do, and what happens to the machine, each at its time (milliseconds from the beginning). */
export type Deed = { readonly at: number } & (
  | { readonly do: 'push' | 'ask'; readonly lane: LaneId; readonly release: SimRelease; readonly id: string }
  | { readonly do: 'command'; readonly lane: LaneId; readonly verb: Verb; readonly actor: string }
  | { readonly do: 'go back'; readonly lane: LaneId; readonly emergency: boolean; readonly actor: string }
  | { readonly do: 'event'; readonly event: EventKind }
);

export type Verb = PersonalCommand['type'];

const VERBS = ['pause', 'pause', 'resume', 'promote', 'abort', 'abort', 'cancel', 'unlock'] as const;

/** Everything that a story begins with. */
export interface Story {
  readonly applications: readonly SimApplication[];
  readonly lanes: readonly LaneId[];
  /** In order of time. */
  readonly deeds: readonly Deed[];
  /** How many run on one store. */
  readonly replicas: number;
  /** Requests a second on every route. */
  readonly rate: number;
}

export function aStory(random: Random, releases: Releases, faults: Faults): Story {
  const count = random.pick([1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
  const applications = Array.from({ length: count }, (_, i) =>
    anApplication(`app${i}`, random.fork(`app${i}`)),
  );
  const lanes = applications.flatMap(({ name, environments }) =>
    environments.map((environment) => ({
      application: applicationName(name),
      environment: environmentName(environment),
    })),
  );
  const deeds: Deed[] = [];
  for (const application of applications) {
    const own = lanes.filter((lane) => lane.application === application.name);
    for (const lane of own)
      deeds.push(
        ...life(lane, application, random.fork(`life ${lane.application} ${lane.environment}`), releases),
      );
  }
  const end = Math.max(...deeds.map(({ at }) => at)) + 30_000;
  const replicas = random.pick([1, 1, 1, 1, 1, 1, 2, 3]);
  for (const event of faults.events())
    if (replicas > 1 || event !== 'cut off from the store')
      deeds.push({ at: random.below(end), do: 'event', event });
  return {
    applications,
    lanes,
    deeds: deeds.sort((a, b) => a.at - b.at),
    replicas,
    rate: random.pick([60, 200, 400]),
  };
}

/** Releases of one lane, one after the other, and what people do about them. */
function life(
  lane: LaneId,
  application: SimApplication,
  random: Random,
  releases: Releases,
): readonly Deed[] {
  const deeds: Deed[] = [];
  const name = `${lane.application}-${lane.environment}`;
  let at = random.below(3000);
  const count = random.pick([2, 2, 2, 2, 3, 3, 4, 6]);
  let release: SimRelease | undefined;
  for (let n = 1; n <= count; n++) {
    const isAgain = release !== undefined && random.chance(0.1);
    if (release === undefined || !isAgain)
      release = aRelease(`${name}-${n}`, application, qualityOf(n, random));
    releases.add(release);
    deeds.push({ at, do: random.pick(['push', 'push', 'ask']), lane, release, id: `${name}-${n}` });
    at += random.chance(0.3) ? random.below(6000) : random.between(12_000, 50_000);
  }
  const verbs = random.pick([0, 0, 1, 2, 4]);
  for (let n = 0; n < verbs; n++)
    deeds.push({
      at: random.below(at),
      do: 'command',
      lane,
      verb: random.pick(VERBS),
      actor: `${name}-person${n}`,
    });
  if (random.chance(0.25))
    deeds.push({
      at: random.below(at),
      do: 'go back',
      lane,
      emergency: random.chance(0.5),
      actor: `${name}-homesick`,
    });
  return deeds;
}

/** The first is mostly good, so that there is something to go back to. */
function qualityOf(n: number, random: Random): Quality {
  if (random.chance(n === 1 ? 0.85 : 0.5)) return 'good';
  return random.pick(QUALITIES);
}

const aRelease = (
  version: string,
  { name, configuration }: SimApplication,
  quality: Quality,
): SimRelease => ({
  application: name,
  version,
  commit: Buffer.from(version).toString('hex').padEnd(40, '0').slice(0, 40),
  quality,
  configuration,
});
