/** Many calls in one transaction with one commit, and the numbers of their events. Shapes of the arguments: ../calls.ts. */
export const TURN_PROCEDURES = `
CREATE FUNCTION pg_temp.perform(me integer, call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
  CASE call ->> 'method'
    WHEN 'append' THEN RETURN pg_temp.append(call);
    WHEN 'receive' THEN RETURN pg_temp.receive(call);
    WHEN 'claim' THEN RETURN pg_temp.claim(me, call);
    WHEN 'retry' THEN RETURN pg_temp.retry(call);
    WHEN 'hold' THEN RETURN pg_temp.hold(me, call -> 'names');
    WHEN 'peers' THEN RETURN pg_temp.peers(me);
    WHEN 'prune' THEN RETURN pg_temp.prune(call);
    ELSE RETURN pg_temp.small_record(call);
  END CASE;
END $$;

-- Keeps the events of the calls in these places, and their leaves, behind the numbers given.
CREATE FUNCTION pg_temp.write_events(calls jsonb, places integer[], last_sequence bigint, last_leaf bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WITH added AS (
    SELECT row_number() OVER (ORDER BY call.place, event.place) AS number, event.*
    FROM jsonb_array_elements(calls) WITH ORDINALITY AS call (body, place),
      ROWS FROM (jsonb_to_recordset(call.body -> 'events') AS (
        id text, schema integer, application text, environment text, deployment text, type text,
        at double precision, actor text, data text, salt text, entry text, hash text
      )) WITH ORDINALITY AS event (
        id, schema, application, environment, deployment, type, at, actor, data, salt, entry, hash, place)
    WHERE call.place = ANY (places)
  ), leaves AS (
    INSERT INTO audit_leaves SELECT last_leaf + number, salt, entry, decode(hash, 'hex') FROM added
  )
  INSERT INTO events
  SELECT last_sequence + number, id, schema, application, environment, deployment, type, at, actor, data FROM added;
END $$;

-- Performs calls in their order, once: a client whose answer was lost asks again with the same turn and gets it.
-- A replica that others take for dead is told so ({"lost": true}), and nothing is done.
CREATE FUNCTION pg_temp.take_turn(asker uuid, asked_turn bigint, me integer, calls jsonb)
RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  kept answers;
  call jsonb;
  result jsonb;
  results jsonb[] := '{}';
  places integer[] := '{}';
  events_added bigint := 0;
  tasks_added bigint := 0;
  numbers counter;
  answered json;
BEGIN
  -- Waits for the same client's turn on a connection that has broken while it was under way.
  SELECT * INTO kept FROM answers WHERE client = asker FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO answers (client, turn, replica) VALUES (asker, 0, me) ON CONFLICT DO NOTHING;
    SELECT * INTO kept FROM answers WHERE client = asker FOR UPDATE;
  END IF;
  IF kept.turn > asked_turn THEN RAISE EXCEPTION 'turn % is over', asked_turn; END IF;
  IF kept.turn = asked_turn THEN
    RETURN json_build_object('replica', kept.replica, 'answer', kept.answer);
  END IF;
  PERFORM FROM replicas WHERE id = me AND lease_until > clock_timestamp() FOR KEY SHARE;
  IF NOT FOUND THEN RETURN '{"lost": true}'; END IF;
  -- Every turn locks its lanes in the same order, so that two of them cannot wait for each other.
  PERFORM FROM lanes WHERE (application, environment) IN (
    SELECT body ->> 'application', body ->> 'environment' FROM jsonb_array_elements(calls) AS one (body)
    WHERE body ? 'version')
  ORDER BY application, environment FOR UPDATE;

  FOR place IN 1..jsonb_array_length(calls) LOOP
    call := calls -> (place - 1);
    result := pg_temp.perform(me, call);
    results := results || result;
    IF jsonb_typeof(result) = 'object' THEN
      tasks_added := tasks_added + coalesce((result ->> 'queued')::bigint, 0);
      IF call ? 'events' AND (result -> 'ok')::boolean THEN
        places := places || place;
        events_added := events_added + jsonb_array_length(call -> 'events');
      END IF;
    END IF;
  END LOOP;

  -- Last, because whoever has this row keeps every other replica from committing.
  IF events_added > 0 OR tasks_added > 0 THEN
    UPDATE counter
    SET sequence = sequence + events_added, leaves = leaves + events_added, tasks = tasks + tasks_added
    RETURNING * INTO numbers;
    IF events_added > 0 THEN
      PERFORM pg_temp.write_events(calls, places, numbers.sequence - events_added, numbers.leaves - events_added);
    END IF;
  END IF;
  answered := json_build_object('results', to_json(results), 'sequence', numbers.sequence - events_added,
    'events', events_added, 'tasks', tasks_added);
  UPDATE answers SET turn = asked_turn, replica = me, answer = answered, at = clock_timestamp() WHERE client = asker;
  RETURN json_build_object('replica', me, 'answer', answered);
END $$;
`;
