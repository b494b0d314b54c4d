/**
 * The form of the database, step by step: the n-th entry (from 1) brings version n - 1 to n. A step that has been
 * released is never changed; what comes next is another step.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE lanes (
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    version     INTEGER NOT NULL,
    state       TEXT NOT NULL,
    PRIMARY KEY (application, environment)
  ) WITHOUT ROWID;

  -- number: the order in which they were first written, which is the order of the requests.
  CREATE TABLE deployments (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    application TEXT NOT NULL,
    environment TEXT NOT NULL,
    state       TEXT NOT NULL,
    live        INTEGER NOT NULL,
    snapshot    TEXT NOT NULL,
    FOREIGN KEY (application, environment) REFERENCES lanes
  );
  CREATE INDEX deployments_live ON deployments (application, environment) WHERE live = 1;
  CREATE INDEX deployments_lane ON deployments (application, environment, number);
  CREATE INDEX deployments_state ON deployments (state, number);

  CREATE TABLE events (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL,
    schema      INTEGER NOT NULL,
    application TEXT,
    environment TEXT,
    deployment  TEXT,
    type        TEXT NOT NULL,
    at          INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    data        TEXT NOT NULL
  );
  CREATE INDEX events_deployment ON events (deployment) WHERE deployment IS NOT NULL;
  CREATE INDEX events_lane ON events (application, environment) WHERE application IS NOT NULL;
  CREATE INDEX events_type ON events (type);
  CREATE INDEX events_actor ON events (actor);
  CREATE INDEX events_at ON events (at);

  -- state: 0 waits for its time, 1 is due, 2 is claimed. Only what is due is looked through for a claim.
  CREATE TABLE tasks (
    id          INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    kind        TEXT NOT NULL,
    application TEXT,
    environment TEXT,
    deployment  TEXT,
    payload     TEXT NOT NULL,
    run_at      INTEGER NOT NULL,
    queue       TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    state       INTEGER NOT NULL DEFAULT 0,
    attempt     INTEGER NOT NULL DEFAULT 0,
    fence       INTEGER,
    error       TEXT
  );
  CREATE INDEX tasks_time ON tasks (state, run_at);
  CREATE INDEX tasks_due ON tasks (priority, queue, run_at) WHERE state = 1;
  CREATE INDEX tasks_deployment ON tasks (deployment) WHERE deployment IS NOT NULL;

  -- Keys of tasks that have ended: a key is unique for ever, the rest of its task is not kept.
  CREATE TABLE ended_tasks (key TEXT PRIMARY KEY) WITHOUT ROWID;
  -- served: the fence that a queue's last claimed task drew; who was served longest ago is next.
  CREATE TABLE queues (queue TEXT PRIMARY KEY, served INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE fence (last INTEGER NOT NULL);
  INSERT INTO fence VALUES (0);

  CREATE TABLE inbox (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL,
    source      TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    body_hash   TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    payload     TEXT NOT NULL
  );
  CREATE UNIQUE INDEX inbox_delivery ON inbox (source, delivery_id);
  CREATE UNIQUE INDEX inbox_body ON inbox (source, body_hash) WHERE body_hash <> '';

  CREATE TABLE series (
    number     INTEGER PRIMARY KEY,
    deployment TEXT NOT NULL,
    at         INTEGER NOT NULL,
    payload    TEXT NOT NULL
  );
  CREATE INDEX series_deployment ON series (deployment, at);

  CREATE TABLE deliveries (
    number     INTEGER PRIMARY KEY,
    key        TEXT NOT NULL,
    channel    TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    delivered  INTEGER NOT NULL,
    answer     TEXT NOT NULL,
    latency_ms REAL NOT NULL,
    at         INTEGER NOT NULL
  );
  CREATE INDEX deliveries_message ON deliveries (key, channel);
  CREATE INDEX deliveries_failed ON deliveries (number) WHERE delivered = 0;

  CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- number - 1 is the leaf's index in the Merkle tree; rows are never deleted, so there are no gaps.
  CREATE TABLE audit_leaves (
    number INTEGER PRIMARY KEY,
    salt   TEXT NOT NULL,
    entry  TEXT NOT NULL,
    hash   BLOB NOT NULL
  );
  CREATE TABLE audit_tree (size INTEGER NOT NULL, frontier BLOB NOT NULL);
  INSERT INTO audit_tree VALUES (0, x'');
  `,
  // Folded states take the form of the events of form 2: the upcast in ../event-form.ts, said to snapshots.
  `
  UPDATE deployments SET snapshot = json_set(snapshot,
    '$.plan.pace', 'time',
    '$.plan.analysis.judge', 'sequential',
    '$.plan.analysis.stages', 1,
    '$.plan.analysis.certificate', 'standard',
    '$.plan.analysis.baseline', 'stable',
    '$.plan.analysis.aboveBaseline', json('false'),
    '$.plan.analysis.errorDifference', NULL,
    '$.plan.analysis.window', 300000,
    '$.plan.analysis.crashWindow', 300000,
    '$.abortedBy', NULL);
  UPDATE deployments SET snapshot = json_set(snapshot,
    '$.status.rollout.response', iif(snapshot ->> '$.status.rollout.verdict' = 'issue', 'rollback', NULL),
    '$.status.rollout.retreats', 0,
    '$.status.rollout.degraded', json('false'))
  WHERE json_type(snapshot, '$.status.rollout') IS NOT NULL;
  `,
  // What says how old a thing is that need not be kept for ever; until now keys of tasks said so by their first part alone.
  `
  ALTER TABLE deployments ADD COLUMN ended_at INTEGER;
  UPDATE deployments SET ended_at = snapshot ->> '$.since' WHERE live = 0;

  ALTER TABLE ended_tasks ADD COLUMN deployment TEXT;
  ALTER TABLE ended_tasks ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
  UPDATE ended_tasks SET deployment = substr(key, 1, instr(key, '/') - 1)
  WHERE substr(key, 1, instr(key, '/') - 1) IN (SELECT id FROM deployments);
  CREATE INDEX ended_tasks_due ON ended_tasks (due);

  CREATE INDEX deliveries_at ON deliveries (at);
  CREATE INDEX inbox_payload ON inbox (number) WHERE payload <> 'null';
  `,
];
