import type { Random } from '../random.ts';

/** What is wrong with a release, if anything. */
export const QUALITIES = [
  'good',
  'does not build',
  'fails its gate',
  'hangs in its gate',
  'ends at the start',
  'never becomes healthy',
  'ends again and again',
  'answers 5xx',
  'is dead',
  'is slow',
] as const;
export type Quality = (typeof QUALITIES)[number];

/** Those that meet users before anybody can know, and whose harm is beyond doubt. */
export const HARMFUL: ReadonlySet<Quality> = new Set<Quality>(['answers 5xx', 'is dead']);

/** One commit of an application, and what becomes of it when it runs. */
export interface SimRelease {
  readonly application: string;
  readonly version: string;
  readonly commit: string;
  readonly quality: Quality;
  readonly configuration: string;
}

/** How requests to a version end: the share that fails, and how long the others take. */
export interface Answers {
  readonly errors: number;
  readonly latencyMs: number;
}

/** Those that answer otherwise than a good one. */
const ANSWERS: Readonly<Partial<Record<Quality, Answers>>> = {
  'answers 5xx': { errors: 0.4, latencyMs: 20 },
  'is dead': { errors: 1, latencyMs: 20 },
  'is slow': { errors: 0.001, latencyMs: 400 },
};

export const answersOf = (quality: Quality): Answers => ANSWERS[quality] ?? { errors: 0.001, latencyMs: 20 };

/** What one instance will do, in milliseconds from its start. */
export interface InstanceLife {
  /** Infinity = never. */
  readonly healthyAfter: number;
  readonly endsAfter: number;
  /** From SIGTERM to the end. */
  readonly stopTakes: number;
}

export function lifeOf(quality: Quality, random: Random): InstanceLife {
  const usual = {
    healthyAfter: random.pick([0, 200, 900, 2500]),
    endsAfter: Infinity,
    stopTakes: random.pick([0, 50, 1500, 15_000]),
  };
  if (quality === 'ends at the start')
    return { ...usual, healthyAfter: Infinity, endsAfter: random.between(50, 1500) };
  if (quality === 'never becomes healthy') return { ...usual, healthyAfter: Infinity };
  if (quality === 'ends again and again')
    return { ...usual, endsAfter: usual.healthyAfter + random.between(1500, 6000) };
  return usual;
}

/** Every release that there is, by its commit. */
export class Releases {
  readonly #byCommit = new Map<string, SimRelease>();
  readonly #byVersion = new Map<string, SimRelease>();

  add(release: SimRelease): void {
    this.#byCommit.set(release.commit, release);
    this.#byVersion.set(release.version, release);
  }

  byCommit(commit: string): SimRelease | undefined {
    return this.#byCommit.get(commit);
  }

  /** @param label a version, or a revision's label: versions are all different */
  qualityOf(label: string): Quality {
    return this.#byVersion.get(label.replace(/ \(config \d+\)$/, ''))?.quality ?? 'good';
  }
}
