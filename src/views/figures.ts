/** What one arm did, as far as the judge's comparison rests on it. */
export interface ArmFigures {
  readonly requests: number;
  readonly errors: number;
  /** Over the judge's window; null = nothing was answered. */
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** The figures behind a verdict, read from its record. Evidence is the natural logarithm of an e-value. */
export interface Figures {
  readonly canary: ArmFigures;
  readonly stable: ArmFigures;
  /** Evidence of harm, and the next amount of it at which something happens; null where a plain rule judges, which asks for none. */
  readonly harm: {
    readonly logE: number;
    readonly needed: number;
    readonly next: 'retreats' | 'rolls back';
    /** Whether it asks for anything already. */
    readonly shown: boolean;
  } | null;
  /** Evidence of health, and how much of it certifies. */
  readonly health: { readonly logE: number; readonly needed: number; readonly held: boolean };
  /** Requests that met the canary since its start, warm-up included. */
  readonly exposed: { readonly requests: number; readonly errors: number };
  /** Time over which latency is taken. */
  readonly windowMs: number;
}

/** E >= 20 certifies a canary (analysis, section F), where its record does not say otherwise. */
const CERTIFICATE = 20;
/** By so much the second stage asks for more evidence than the first. */
const SECOND_STAGE = Math.log(10);

/**
 * The figures in a verdict's record as the judge wrote it.
 * @returns null for a record of another form, such as a health check's: it has no arms to compare.
 */
export function figuresOf(record: unknown): Figures | null {
  const evidence = at(record, 'issue', 'logE') === undefined ? at(record, 'evidence') : at(record, 'issue');
  if (number(evidence, 'alpha') === null || number(evidence, 'logE', 'combined') === null) return null;
  return {
    canary: armOf(evidence, 'canary'),
    stable: armOf(evidence, 'baseline'),
    harm: harmOf(evidence),
    health: {
      logE: number(evidence, 'certificate', 'logE') ?? 0,
      needed: Math.log(number(evidence, 'certificate', 'needed') ?? CERTIFICATE),
      held: at(evidence, 'certificate', 'held') === true,
    },
    exposed: {
      requests: number(evidence, 'start', 'requests') ?? 0,
      errors: number(evidence, 'start', 'errors') ?? 0,
    },
    windowMs: number(evidence, 'effects', 'windowMs') ?? 0,
  };
}

/** A limit decides alone, and rolls back; the comparison retreats first where there are two stages. */
function harmOf(evidence: unknown): Figures['harm'] {
  if (at(evidence, 'plain', 'thresholds') !== undefined) return null;
  const first = -Math.log(number(evidence, 'alpha') ?? 1);
  const limit = limitOverBound(evidence);
  if (limit !== null) return { logE: limit, needed: first, next: 'rolls back', shown: true };
  const logE = number(evidence, 'logE', 'combined') ?? 0;
  const shown = logE >= first;
  if (number(evidence, 'stages') !== 2) return { logE, needed: first, next: 'rolls back', shown };
  return shown
    ? { logE, needed: first + SECOND_STAGE, next: 'rolls back', shown }
    : { logE, needed: first, next: 'retreats', shown };
}

/** The strongest single test that is over what is needed, where there is one: it decides without the comparison. */
function limitOverBound(evidence: unknown): number | null {
  const limits = at(evidence, 'limits');
  const found = [
    number(evidence, 'start', 'deadLogE'),
    ...(Array.isArray(limits) ? limits.map((limit: unknown) => number(limit, 'canary', 'logE')) : []),
  ].filter((logE) => logE !== null);
  const strongest = Math.max(-Infinity, ...found);
  return strongest >= -Math.log(number(evidence, 'alpha') ?? 1) ? strongest : null;
}

const armOf = (evidence: unknown, arm: 'canary' | 'baseline'): ArmFigures => ({
  requests: number(evidence, arm, 'requests') ?? 0,
  errors: number(evidence, arm, 'errors') ?? 0,
  p95Ms: number(evidence, 'effects', arm, 'p95Ms'),
  p99Ms: number(evidence, 'effects', arm, 'p99Ms'),
});

/** What stands at a path of plain data; undefined where there is nothing. */
function at(data: unknown, ...path: readonly string[]): unknown {
  let here: unknown = data;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}

function number(data: unknown, ...path: readonly string[]): number | null {
  const found = at(data, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}
