/** A task of a lane that another replica has to itself is that one's alone for so long. */
const OTHERS_AFTER_MS = 2000;

/** Queueing, ending and handing out tasks, and holds. Shapes of the arguments: ../calls.ts. */
export const TASK_PROCEDURES = `
-- Queues tasks; one whose key was ever used is left out. Returns how many were queued.
CREATE FUNCTION pg_temp.queue_tasks(added jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  now_ms CONSTANT double precision := extract(epoch FROM clock_timestamp()) * 1000;
  queued bigint;
BEGIN
  IF jsonb_array_length(added) = 0 THEN RETURN 0; END IF;
  WITH asked AS (
    SELECT * FROM ROWS FROM (jsonb_to_recordset(added) AS (
      key text, kind text, application text, environment text, deployment text, payload text,
      "runAt" double precision, queue text, priority smallint
    )) WITH ORDINALITY AS one (
      key, kind, application, environment, deployment, payload, run_at, queue, priority, place)
  ), fresh AS (
    INSERT INTO task_keys (key, deployment, due) SELECT asked.key, asked.deployment, asked.run_at FROM asked
    ON CONFLICT DO NOTHING RETURNING task_keys.key
  )
  INSERT INTO tasks (key, kind, application, environment, deployment, payload, run_at, queue, priority, state)
  SELECT key, kind, application, environment, deployment, payload, run_at, queue, priority,
         CASE WHEN run_at <= now_ms THEN 1 ELSE 0 END
  FROM asked JOIN fresh USING (key) ORDER BY place
  ON CONFLICT (key) DO NOTHING;
  GET DIAGNOSTICS queued = ROW_COUNT;
  RETURN queued;
END $$;

-- Whether a claim still holds its task, which then stays so until the commit; no claim at all is no objection.
CREATE FUNCTION pg_temp.holds_task(claim jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF claim IS NULL OR claim = 'null' THEN RETURN true; END IF;
  PERFORM FROM tasks
  WHERE key = claim ->> 'key' AND state = 2 AND fence = (claim ->> 'fence')::bigint FOR UPDATE;
  RETURN FOUND;
END $$;

-- The queues with due tasks of a priority, the one first that was served longest ago. One index seek a queue.
CREATE FUNCTION pg_temp.due_queues(asked smallint) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
  RETURN (
    WITH RECURSIVE due (queue) AS (
      SELECT min(t.queue) FROM tasks AS t WHERE t.state = 1 AND t.priority = asked
      UNION ALL
      SELECT (SELECT min(t.queue) FROM tasks AS t
              WHERE t.state = 1 AND t.priority = asked AND t.queue > due.queue)
      FROM due WHERE due.queue IS NOT NULL)
    SELECT array_agg(due.queue ORDER BY coalesce(queues.served, 0), due.queue)
    FROM due LEFT JOIN queues USING (queue) WHERE due.queue IS NOT NULL);
END $$;

-- Claims the task of a queue that was due first; all null when there is none. One of a lane that another replica
-- has to itself is that one's for two seconds.
CREATE FUNCTION pg_temp.claim_one(me integer, of_queue text, of_priority smallint, now_ms double precision)
RETURNS tasks LANGUAGE plpgsql AS $$
DECLARE claimed tasks;
BEGIN
  UPDATE tasks SET state = 2, owner = me, fence = nextval('fences'), attempt = attempt + 1
  WHERE id = (
    SELECT id FROM tasks AS t
    WHERE state = 1 AND priority = of_priority AND queue = of_queue AND run_at <= now_ms
      AND (run_at <= now_ms - ${OTHERS_AFTER_MS} OR NOT EXISTS (
        SELECT FROM holds
        WHERE holds.name = 'lane/' || t.application || '/' || t.environment AND holds.replica <> me))
    ORDER BY run_at, id LIMIT 1 FOR UPDATE OF t SKIP LOCKED)
    AND state = 1
  RETURNING * INTO claimed;
  IF claimed.key IS NULL THEN RETURN NULL; END IF;
  -- Another replica that serves the queue at this very moment may have the row: who was first does not matter then.
  UPDATE queues SET served = claimed.fence
  WHERE queue = (SELECT queue FROM queues WHERE queue = of_queue FOR UPDATE SKIP LOCKED);
  IF NOT FOUND AND NOT EXISTS (SELECT FROM queues WHERE queue = of_queue) THEN
    INSERT INTO queues VALUES (of_queue, claimed.fence) ON CONFLICT DO NOTHING;
  END IF;
  RETURN claimed;
END $$;

-- Up to "limit" due tasks: by priority, then from each queue in turn, then by the time they were due.
CREATE FUNCTION pg_temp.claim(me integer, call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  now_ms CONSTANT double precision := call -> 'now';
  most CONSTANT integer := call -> 'limit';
  each CONSTANT double precision := coalesce((call ->> 'each')::double precision, 'infinity');
  taken jsonb := '{}';
  all_claimed jsonb[] := '{}';
  waiting text[];
  still text[];
  one_queue text;
  claimed tasks;
BEGIN
  PERFORM pg_temp.bury_dead(me);
  UPDATE tasks SET state = 1 WHERE id IN (
    SELECT id FROM tasks WHERE state = 0 AND run_at <= now_ms FOR UPDATE SKIP LOCKED);
  FOR of_priority IN 0..2 LOOP
    waiting := pg_temp.due_queues(of_priority::smallint);
    WHILE cardinality(waiting) > 0 LOOP
      still := '{}';
      FOREACH one_queue IN ARRAY waiting LOOP
        IF cardinality(all_claimed) >= most THEN RETURN to_jsonb(all_claimed); END IF;
        CONTINUE WHEN call -> 'without' ? one_queue OR coalesce((taken ->> one_queue)::integer, 0) >= each;
        claimed := pg_temp.claim_one(me, one_queue, of_priority::smallint, now_ms);
        CONTINUE WHEN claimed.key IS NULL;
        all_claimed := all_claimed || (to_jsonb(claimed) - ARRAY['id', 'state', 'owner', 'error']);
        taken := jsonb_set(taken, ARRAY[one_queue], to_jsonb(coalesce((taken ->> one_queue)::integer, 0) + 1));
        still := still || one_queue;
      END LOOP;
      waiting := still;
    END LOOP;
  END LOOP;
  RETURN to_jsonb(all_claimed);
END $$;

CREATE FUNCTION pg_temp.peers(me integer) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.bury_dead(me);
  RETURN (SELECT jsonb_build_object('self', me::text, 'live', coalesce(jsonb_agg(id::text ORDER BY id), '[]'))
          FROM replicas);
END $$;

CREATE FUNCTION pg_temp.hold(me integer, names jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.bury_dead(me);
  INSERT INTO holds (name, replica, fence)
  SELECT name, me, nextval('fences')
  FROM (SELECT DISTINCT value AS name FROM jsonb_array_elements_text(names) ORDER BY value) AS asked
  WHERE NOT EXISTS (SELECT FROM holds WHERE holds.name = asked.name)
  ON CONFLICT (name) DO NOTHING;
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'fence', fence)), '[]') FROM holds
    WHERE replica = me AND name IN (SELECT jsonb_array_elements_text(names)));
END $$;
`;
