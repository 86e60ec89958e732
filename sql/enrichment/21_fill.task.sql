-- Body of the task that moves every change of the stream into the queue, in one statement: its commit moves the offset.
-- https://docs.snowflake.com/en/user-guide/streams-intro
MERGE INTO {{queue}} q
USING (
  SELECT
    n.source_key,
    n.input,
    n.input_hash,
    n.cost,
    n.gone,
    r.source_key IS NOT NULL AS bought
  FROM (
    SELECT
      TO_VARCHAR({{key}}) AS source_key,
      {{input}} AS input,
      SHA2({{input}}, 256) AS input_hash,
      {{cost}} AS cost,
      METADATA$ACTION = 'DELETE' OR COALESCE({{input}}, '') = '' AS gone
    FROM {{stream}}
    WHERE TO_VARCHAR({{key}}) IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY TO_VARCHAR({{key}})
      ORDER BY IFF(METADATA$ACTION = 'INSERT', 0, 1), {{version}} DESC
    ) = 1
  ) n
  LEFT JOIN (
    SELECT DISTINCT source_key, input_hash FROM {{results}} WHERE {{keep}} OR fingerprint = '{{fingerprint}}'
  ) r
    ON r.source_key = n.source_key
    AND r.input_hash = n.input_hash
  WHERE n.gone OR {{all}} OR n.source_key IN (SELECT source_key FROM {{results}})
) s
ON q.source_key = s.source_key
WHEN MATCHED AND (s.gone OR s.bought) THEN DELETE
WHEN MATCHED AND (q.input_hash <> s.input_hash OR q.fingerprint <> '{{fingerprint}}') THEN UPDATE SET
  input = s.input,
  input_hash = s.input_hash,
  fingerprint = '{{fingerprint}}',
  cost = s.cost,
  attempts = 0,
  lease_id = NULL,
  due_at = SYSDATE(),
  last_error = NULL,
  queued_at = SYSDATE()
WHEN NOT MATCHED AND NOT s.gone AND NOT s.bought THEN INSERT
  (source_key, input, input_hash, fingerprint, cost, attempts, due_at, queued_at)
  VALUES (s.source_key, s.input, s.input_hash, '{{fingerprint}}', s.cost, 0, SYSDATE(), SYSDATE())
