/** What is old goes, a portion at a time. Shapes of the arguments: the port's own. */
export const PRUNE_PROCEDURES = `
-- Whether no deployment of this id is live, or ended only after this time.
CREATE FUNCTION pg_temp.ended(of_id text, before double precision) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  RETURN NOT EXISTS (
    SELECT FROM deployments WHERE id = of_id AND (ended_at IS NULL OR ended_at >= before));
END $$;

-- Goes from deployment to deployment, one index seek each: one that is live may have a million looks.
CREATE FUNCTION pg_temp.prune_series(before double precision, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE gone bigint;
BEGIN
  WITH RECURSIVE looked_at (deployment) AS (
    SELECT min(s.deployment) FROM series AS s
    UNION ALL
    SELECT (SELECT min(s.deployment) FROM series AS s WHERE s.deployment > looked_at.deployment)
    FROM looked_at WHERE looked_at.deployment IS NOT NULL)
  DELETE FROM series WHERE number IN (
    SELECT old.number FROM looked_at CROSS JOIN LATERAL (
      SELECT s.number FROM series AS s
      WHERE s.deployment = looked_at.deployment AND s.at < before ORDER BY s.at, s.number LIMIT most) AS old
    WHERE pg_temp.ended(looked_at.deployment, before) LIMIT most);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

CREATE FUNCTION pg_temp.prune(call jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  most CONSTANT bigint := call -> 'limit';
  before record;
  deliveries_gone bigint;
  payloads_gone bigint;
  inbox_gone bigint;
  tasks_gone bigint;
BEGIN
  SELECT * INTO before FROM jsonb_to_record(call -> 'before') AS one (
    series double precision, deliveries double precision, payloads double precision, inbox double precision,
    tasks double precision);
  DELETE FROM deliveries WHERE number IN (
    SELECT number FROM deliveries WHERE at < before.deliveries ORDER BY at, number LIMIT most);
  GET DIAGNOSTICS deliveries_gone = ROW_COUNT;
  UPDATE inbox SET payload = 'null' WHERE received_at < before.payloads AND number IN (
    SELECT number FROM inbox WHERE payload <> 'null' ORDER BY number LIMIT most);
  GET DIAGNOSTICS payloads_gone = ROW_COUNT;
  DELETE FROM inbox WHERE received_at < before.inbox AND number IN (
    SELECT number FROM inbox ORDER BY number LIMIT most);
  GET DIAGNOSTICS inbox_gone = ROW_COUNT;
  DELETE FROM task_keys WHERE key IN (
    SELECT k.key FROM task_keys AS k
    WHERE k.due < before.tasks AND NOT EXISTS (SELECT FROM tasks WHERE tasks.key = k.key)
      AND pg_temp.ended(k.deployment, before.tasks)
    ORDER BY k.due, k.key LIMIT most);
  GET DIAGNOSTICS tasks_gone = ROW_COUNT;
  RETURN jsonb_build_object('series', pg_temp.prune_series(before.series, most), 'deliveries', deliveries_gone,
    'payloads', payloads_gone, 'inbox', inbox_gone, 'tasks', tasks_gone);
END $$;
`;
