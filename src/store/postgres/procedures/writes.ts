/** The port's methods that write, each as one step of a turn. Shapes of the arguments: ../calls.ts. */
export const WRITE_PROCEDURES = `
-- Counts a lane's version up if it is as expected; a lane that was never written is at 0.
CREATE FUNCTION pg_temp.write_lane(call jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF call -> 'version' = '0' THEN
    INSERT INTO lanes VALUES (call ->> 'application', call ->> 'environment', 1, call ->> 'state')
    ON CONFLICT DO NOTHING;
  ELSE
    UPDATE lanes SET version = version + 1, state = call ->> 'state'
    WHERE application = call ->> 'application' AND environment = call ->> 'environment'
      AND version = (call ->> 'version')::bigint;
  END IF;
  RETURN FOUND;
END $$;

-- All of an append or a record but its events, which are numbered at the end of the turn.
CREATE FUNCTION pg_temp.append(call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE queued bigint;
BEGIN
  IF NOT pg_temp.holds_task(call -> 'completes') THEN RETURN '{"ok": false, "why": "stale_fence"}'; END IF;
  IF call ? 'version' AND NOT pg_temp.write_lane(call) THEN
    RETURN '{"ok": false, "why": "conflict"}';
  END IF;
  IF jsonb_array_length(call -> 'deployments') > 0 THEN
    INSERT INTO deployments (id, application, environment, state, live, ended_at, snapshot)
    SELECT id, call ->> 'application', call ->> 'environment', state, live, "endedAt", snapshot
    FROM jsonb_to_recordset(call -> 'deployments') AS one (
      id text, state text, live boolean, "endedAt" double precision, snapshot text)
    ON CONFLICT (id) DO UPDATE
    SET state = excluded.state, live = excluded.live, ended_at = excluded.ended_at, snapshot = excluded.snapshot;
  END IF;
  IF call -> 'completes' <> 'null' THEN DELETE FROM tasks WHERE key = call #>> '{completes,key}'; END IF;
  IF jsonb_array_length(call -> 'cancel') > 0 THEN
    DELETE FROM tasks WHERE deployment IN (SELECT jsonb_array_elements_text(call -> 'cancel'));
  END IF;
  queued := pg_temp.queue_tasks(call -> 'tasks');
  RETURN jsonb_build_object('ok', true, 'queued', queued, 'version', coalesce((call ->> 'version')::bigint + 1, 0));
END $$;

CREATE FUNCTION pg_temp.receive(call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE first_id text;
BEGIN
  INSERT INTO inbox (id, source, delivery_id, body_hash, received_at, payload)
  VALUES (call ->> 'id', call ->> 'source', call ->> 'deliveryId', call ->> 'bodyHash',
          (call ->> 'receivedAt')::double precision, call ->> 'payload')
  ON CONFLICT DO NOTHING;
  IF FOUND THEN
    RETURN jsonb_build_object('duplicate', false, 'id', call ->> 'id', 'queued', pg_temp.queue_tasks(call -> 'tasks'));
  END IF;
  SELECT id INTO first_id FROM inbox WHERE source = call ->> 'source' AND delivery_id = call ->> 'deliveryId';
  IF NOT FOUND THEN
    SELECT id INTO first_id FROM inbox
    WHERE source = call ->> 'source' AND body_hash = call ->> 'bodyHash' AND body_hash <> '';
  END IF;
  RETURN jsonb_build_object('duplicate', true, 'of', first_id);
END $$;

CREATE FUNCTION pg_temp.retry(call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tasks SET fence = NULL, owner = NULL, error = call ->> 'error',
    run_at = (call ->> 'runAt')::double precision,
    state = CASE WHEN (call ->> 'runAt')::double precision <= extract(epoch FROM clock_timestamp()) * 1000
                 THEN 1 ELSE 0 END
  WHERE key = call ->> 'key' AND state = 2 AND fence = (call ->> 'fence')::bigint;
  IF NOT FOUND THEN RETURN '{"ok": false}'; END IF;
  UPDATE task_keys SET due = (call ->> 'runAt')::double precision WHERE key = call ->> 'key';
  RETURN '{"ok": true, "queued": 1}';
END $$;

CREATE FUNCTION pg_temp.small_record(call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  CASE call ->> 'method'
    WHEN 'finish' THEN
      DELETE FROM tasks WHERE key = call ->> 'key' AND state = 2 AND fence = (call ->> 'fence')::bigint;
      RETURN to_jsonb(FOUND);
    WHEN 'drawFence' THEN RETURN to_jsonb(nextval('fences'));
    WHEN 'appendSeries' THEN
      INSERT INTO series (deployment, at, payload)
      SELECT deployment, at, payload
      FROM ROWS FROM (jsonb_to_recordset(call -> 'rows') AS (deployment text, at double precision, payload text))
        WITH ORDINALITY AS one (deployment, at, payload, place)
      ORDER BY place;
    WHEN 'recordDelivery' THEN
      INSERT INTO deliveries (key, channel, attempt, delivered, answer, latency_ms, at)
      SELECT key, channel, attempt, delivered, answer, "latencyMs", at
      FROM jsonb_to_record(call) AS one (key text, channel text, attempt integer, delivered boolean, answer text,
        "latencyMs" double precision, at double precision);
    WHEN 'putSetting' THEN
      INSERT INTO settings VALUES (call ->> 'name', call ->> 'value')
      ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    WHEN 'release' THEN
      DELETE FROM holds WHERE name = call ->> 'name' AND fence = (call ->> 'fence')::bigint;
      -- For those who wait for the name.
      RETURN '{"queued": 1}';
    WHEN 'growTree' THEN
      UPDATE audit_tree SET size = (call ->> 'size')::bigint, frontier = decode(call ->> 'frontier', 'hex')
      WHERE size = (call ->> 'from')::bigint;
      RETURN to_jsonb(FOUND);
  END CASE;
  RETURN 'null';
END $$;
`;
