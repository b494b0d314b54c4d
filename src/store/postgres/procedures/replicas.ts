import { CHANNEL, REPLICA_LOCK } from '../names.ts';

/** The life of a replica: it comes, renews its lease while it looks around, and its like are buried. */
export const REPLICA_PROCEDURES = `
-- Makes what these replicas have claimed and hold free for others.
CREATE FUNCTION pg_temp.free_replicas(gone integer[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM replicas WHERE id = ANY (gone);
  -- A statement of its own: it sees the last claim of a replica that was only just found dead.
  UPDATE tasks SET state = 1, owner = NULL, fence = NULL WHERE state = 2 AND owner = ANY (gone);
  PERFORM pg_notify('${CHANNEL}', 'tasks');
END $$;

-- Finds replicas that are no more and frees what they had. One whose turn is under way has a lock on
-- its row and is left for the next time.
CREATE FUNCTION pg_temp.bury_dead(me integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE dead integer[];
BEGIN
  SELECT array_agg(id) INTO dead FROM (
    SELECT r.id FROM replicas AS r
    WHERE r.id <> me AND (r.lease_until <= clock_timestamp() OR NOT EXISTS (
      SELECT FROM pg_locks AS l
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ${REPLICA_LOCK} AND l.objid = r.id::oid
        AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))
    FOR UPDATE SKIP LOCKED) AS found;
  IF dead IS NOT NULL THEN PERFORM pg_temp.free_replicas(dead); END IF;
END $$;

-- Becomes a new replica for as long as this session lives and the lease is renewed. before: what this server was until now.
CREATE FUNCTION pg_temp.join_replicas(lease interval, before integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE me CONSTANT integer := nextval('replica_numbers');
BEGIN
  -- The lock before the row: a row without its lock is that of a dead one.
  PERFORM pg_advisory_lock(${REPLICA_LOCK}, me);
  INSERT INTO replicas VALUES (me, clock_timestamp() + lease);
  IF before IS NOT NULL THEN PERFORM pg_temp.free_replicas(ARRAY[before]); END IF;
  DELETE FROM answers WHERE at < clock_timestamp() - interval '7 days';
  RETURN me;
END $$;

-- Renews the lease (null: not now), buries the dead, and tells how far events and tasks have come.
CREATE FUNCTION pg_temp.look_around(me integer, lease interval) RETURNS json LANGUAGE plpgsql AS $$
DECLARE alive boolean;
BEGIN
  UPDATE replicas SET lease_until = clock_timestamp() + lease
  WHERE id = me AND lease IS NOT NULL AND lease_until > clock_timestamp();
  alive := FOUND OR lease IS NULL;
  PERFORM pg_temp.bury_dead(me);
  RETURN (SELECT json_build_object('alive', alive, 'events', sequence, 'tasks', tasks) FROM counter);
END $$;
`;
