import type { JsonObject } from '../core/json.ts';

/** The n-th entry (from 1) brings an event of form n to form n + 1. */
export const UPCASTS: ReadonlyArray<(event: JsonObject) => JsonObject> = [oneStage];

const OLD_JUDGING: JsonObject = {
  judge: 'sequential',
  stages: 1,
  certificate: 'standard',
  baseline: 'stable',
  aboveBaseline: false,
  errorDifference: null,
  window: 300_000,
  crashWindow: 300_000,
};

/** Before harm had two stages and the judge a choice of rules: every issue was taken back, and steps lasted their time. */
function oneStage(event: JsonObject): JsonObject {
  if (event['type'] === 'verdict.changed') {
    const response = event['verdict'] === 'issue' ? 'rollback' : null;
    return { ...event, response, record: oldRecord(event['record'] as JsonObject) };
  }
  if (event['type'] === 'rollback.started') return { ...event, event: null };
  if (event['type'] !== 'deployment.requested') return event;
  const plan = event['plan'] as JsonObject;
  const analysis = { ...(plan['analysis'] as JsonObject), ...OLD_JUDGING };
  return { ...event, plan: { ...plan, pace: 'time', analysis } };
}

const oldRecord = (record: JsonObject): JsonObject => ({
  ...record,
  warmUpTimeConstantMs: null,
  latencyProvenAt: null,
  latencyMissing: 0,
  evidence: oldEvidence(record['evidence'] as JsonObject),
  issue: record['issue'] === null ? null : oldEvidence(record['issue'] as JsonObject),
});

const oldEvidence = (evidence: JsonObject): JsonObject => ({
  stages: 1,
  mayBeCold: false,
  unit: 'request',
  phiByBlock: [],
  latencyPhi: null,
  clients: null,
  plain: null,
  ...evidence,
  effects: { errorDifference: null, ...(evidence['effects'] as JsonObject) },
  certificate: { needed: 20, ...(evidence['certificate'] as JsonObject) },
});
