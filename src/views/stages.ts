import type { Deployment, GateOutcome, StateName } from '../core/deployment.ts';
import type { LaneEvent, LaneEventType } from '../core/events.ts';
import { elapsed, type Instant } from '../core/time.ts';
import { lasting, plural, shortCommit } from './words.ts';

/** How far something has come; each has a sign of its own when drawn. */
export type Mark = 'done' | 'active' | 'paused' | 'waiting' | 'warned' | 'failed' | 'skipped';

export interface GateLine {
  readonly name: string;
  readonly mark: Mark;
  readonly detail: string;
  /** How long it ran, or has been running, ms. */
  readonly ms: number | null;
}

/** One state of the lifecycle as a deployment passed it, is in it, or will come to it. */
export interface Stage {
  readonly name: StageName;
  readonly mark: Mark;
  readonly detail: string;
  /** Time spent in it so far, ms; null before it began. */
  readonly ms: number | null;
  readonly gates: readonly GateLine[];
}

export type StageName = Exclude<StateName, 'pending' | 'expired' | 'completed' | 'failed' | 'rejected'>;

const FORWARD: readonly StageName[] = [
  'validating',
  'building',
  'testing',
  'approval',
  'approved',
  'deploying',
  'verifying',
  'monitoring',
];

/** Which event enters which stage. */
const ENTERS: Partial<Record<LaneEventType, StageName>> = {
  'deployment.validating': 'validating',
  'deployment.building': 'building',
  'deployment.testing': 'testing',
  'deployment.awaiting_approval': 'approval',
  'deployment.approved': 'approved',
  'deployment.started': 'deploying',
  'deployment.verifying': 'verifying',
  'deployment.live': 'monitoring',
  'rollback.started': 'rolling_back',
};
const ENDS: readonly LaneEventType[] = ['deployment.completed', 'deployment.failed', 'deployment.rejected'];

/** Here something is waited for, or nothing happens. */
const WAITS: ReadonlySet<StageName> = new Set(['approval', 'approved']);
/** Waiting shorter than this is not worth a line. */
const BRIEF_MS = 2000;

/** The stages of a deployment in order, with times from its events (oldest first). */
export function stagesOf(
  deployment: Deployment,
  events: readonly LaneEvent[],
  now: Instant,
): readonly Stage[] {
  const visits = visitsOf(events, now);
  const ended = events.some(({ type }) => ENDS.includes(type));
  const reached = visits.at(-1)?.name;
  const wayBack = visits.some(({ name }) => name === 'rolling_back');
  const order: readonly StageName[] = wayBack ? [...FORWARD, 'rolling_back'] : FORWARD;
  return order.flatMap((name) => {
    const visit = visits.findLast((candidate) => candidate.name === name);
    if (visit === undefined && (ended || wayBack || !ahead(deployment, name, reached))) return [];
    const mark = visit === undefined ? 'waiting' : markOf(deployment, visit, visits);
    if (WAITS.has(name) && mark === 'done' && (visit?.ms ?? 0) < BRIEF_MS) return [];
    const gates = name === 'testing' ? gatesOf(deployment, events, now) : [];
    return [{ name, mark, detail: detailOf(deployment, events, name), ms: visit?.ms ?? null, gates }];
  });
}

interface Visit {
  readonly name: StageName;
  readonly ms: number;
  /** Whether it is where the deployment stands now. */
  readonly open: boolean;
}

function visitsOf(events: readonly LaneEvent[], now: Instant): readonly Visit[] {
  const entries = events.flatMap(({ type, at }) => {
    const name = ENTERS[type];
    return name !== undefined || ENDS.includes(type) ? [{ name, at }] : [];
  });
  return entries.flatMap(({ name, at }, index) => {
    const next = entries[index + 1];
    return name === undefined ? [] : [{ name, ms: elapsed(at, next?.at ?? now), open: next === undefined }];
  });
}

/** Whether a stage that was not entered lies ahead; a rollback repeats neither build, gates nor approvals. */
function ahead({ kind, status }: Deployment, name: StageName, reached: StageName | undefined): boolean {
  if (status.state === 'rolling_back') return false;
  if (WAITS.has(name)) return false;
  if (kind === 'rollback' && FORWARD.indexOf(name) < FORWARD.indexOf('deploying')) return false;
  return reached === undefined || FORWARD.indexOf(name) > FORWARD.indexOf(reached);
}

function markOf({ status, paused }: Deployment, visit: Visit, visits: readonly Visit[]): Mark {
  if (visit.open) return paused === null ? 'active' : 'paused';
  const isLast = visit === visits.at(-1);
  const followedByWayBack = visits[visits.indexOf(visit) + 1]?.name === 'rolling_back';
  if (followedByWayBack) return 'failed';
  if (!isLast) return 'done';
  if (status.state === 'completed') return 'done';
  if (visit.name === 'rolling_back')
    return status.state === 'failed' && status.rolledBack ? 'done' : 'failed';
  return 'failed';
}

function detailOf(deployment: Deployment, events: readonly LaneEvent[], name: StageName): string {
  switch (name) {
    case 'validating': {
      const passed = events.find((event) => event.type === 'preflight.passed');
      return passed && passed.checks.length > 0 ? `${plural(passed.checks.length, 'check')} passed` : '';
    }
    case 'building': {
      const { revision } = deployment;
      if (revision === null) return '';
      const { commit, artifact } = revision.release;
      return [shortCommit(commit), artifact.slice(0, 'sha256:'.length + 8)].filter(Boolean).join('  ');
    }
    case 'testing':
      return deployment.plan.gates.length === 0
        ? 'no gates configured'
        : plural(deployment.plan.gates.length, 'gate');
    case 'approved':
      return 'waits for its turn';
    case 'deploying':
      return deployment.plan.strategy;
    case 'monitoring':
      return deployment.plan.soak > 0 ? `soak ${lasting(deployment.plan.soak)}` : 'no soak';
    case 'approval':
    case 'verifying':
    case 'rolling_back':
      return '';
  }
}

function gatesOf(
  { plan, gates }: Deployment,
  events: readonly LaneEvent[],
  now: Instant,
): readonly GateLine[] {
  const over = events.some((event) => ENDS.includes(event.type) || event.type === 'deployment.approved');
  return plan.gates.map(({ name }) => {
    const began = events.find((event) => event.type === 'gate.started' && event.gate === name);
    const ended = events.find((event) => isEndOfGate(event) && event.gate === name);
    const ms = began && (ended || !over) ? elapsed(began.at, ended?.at ?? now) : null;
    const outcome = gates[name];
    if (outcome) return { name, mark: GATE_MARKS[outcome.verdict], detail: outcome.reason, ms };
    const mark = over ? 'skipped' : began ? 'active' : 'waiting';
    return { name, mark, detail: !over ? '' : began ? 'stopped' : 'not run', ms };
  });
}

const GATE_MARKS: Record<GateOutcome['verdict'], Mark> = { pass: 'done', warn: 'warned', fail: 'failed' };

const isEndOfGate = (event: LaneEvent): event is Extract<LaneEvent, { readonly outcome: GateOutcome }> =>
  event.type === 'gate.passed' || event.type === 'gate.warned' || event.type === 'gate.failed';
