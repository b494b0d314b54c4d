import type { Deployment, Status } from '../../src/core/deployment.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import { applicationName, deploymentId, environmentName } from '../../src/core/ids.ts';
import type { LaneId } from '../../src/core/ids.ts';
import { emptyLane } from '../../src/core/lane.ts';
import { instant } from '../../src/core/time.ts';
import type {
  DeliveryRecord,
  InboxItem,
  LaneAppend,
  NewTask,
  SeriesRow,
  SystemEvent,
} from '../../src/ports/store.ts';
import { PLAN } from '../core/given.ts';

/** Whatever a test does not say is filled in here. */

export const laneNamed = (application: string, environment = 'production'): LaneId => ({
  application: applicationName(application),
  environment: environmentName(environment),
});

export const SHOP = laneNamed('shop');

export const aDeployment = (id: string, status: Status = { state: 'pending' }, lane = SHOP): Deployment => ({
  id: deploymentId(id),
  lane,
  kind: 'release',
  request: {
    event: 'event-1',
    trigger: 'push',
    actor: 'ann',
    ref: 'refs/heads/main',
    commit: 'a'.repeat(40),
    version: '1.4.0',
    reason: null,
    retryOf: null,
    revision: null,
    emergency: false,
  },
  plan: PLAN,
  requestedAt: instant(1000),
  status,
  since: instant(1000),
  revision: null,
  previous: null,
  abortedBy: null,
  gates: {},
  paused: null,
  effects: 0,
  due: {},
});

export const resumed = (id: string, at = 1000, actor = 'ann'): LaneEvent => ({
  type: 'deployment.resumed',
  deployment: deploymentId(id),
  at: instant(at),
  actor,
});

export const aTask = (key: string, more: Partial<NewTask> = {}): NewTask => ({
  key,
  kind: 'effect',
  lane: null,
  deployment: null,
  payload: { key },
  runAt: instant(0),
  queue: '',
  priority: 1,
  ...more,
});

/** An append to SHOP at version 0 that does nothing else than what is said. */
export const anAppend = (more: Partial<LaneAppend> = {}): LaneAppend => ({
  lane: SHOP,
  expectedVersion: 0,
  environment: emptyLane(SHOP).environment,
  deployments: [],
  events: [],
  tasks: [],
  cancel: [],
  completes: null,
  ...more,
});

export const aSystemEvent = (type: SystemEvent['type'], at = 1000): SystemEvent => ({
  type,
  at: instant(at),
  actor: 'spillway',
  details: { reason: 'because' },
});

export const anItem = (deliveryId: string, bodyHash: string, more: Partial<InboxItem> = {}): InboxItem => ({
  source: 'github',
  deliveryId,
  bodyHash,
  receivedAt: instant(1000),
  payload: { deliveryId },
  task: aTask(`event/${deliveryId}`, { kind: 'event' }),
  ...more,
});

export const aLook = (deployment: string, at: number, n = 0): SeriesRow => ({
  deployment: deploymentId(deployment),
  at: instant(at),
  payload: { n },
});

export const aDelivery = (key: string, attempt: number, delivered: boolean): DeliveryRecord => ({
  key,
  channel: 'chat',
  attempt,
  delivered,
  answer: delivered ? '204' : '503',
  latencyMs: 12.5,
  at: instant(1000 + attempt),
});
