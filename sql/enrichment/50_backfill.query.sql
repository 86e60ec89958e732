-- Queues every row of the source that has no result: by hand, for what a stream did not give.
-- https://docs.snowflake.com/en/sql-reference/sql/merge
MERGE INTO {{queue}} q
USING (
  SELECT
    n.source_key,
    n.input,
    n.input_hash,
    n.cost
  FROM (
    SELECT
      TO_VARCHAR({{key}}) AS source_key,
      {{input}} AS input,
      SHA2({{input}}, 256) AS input_hash,
      {{cost}} AS cost
    FROM {{source}}
    WHERE COALESCE({{input}}, '') <> '' AND TO_VARCHAR({{key}}) IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY TO_VARCHAR({{key}}) ORDER BY {{version}} DESC) = 1
  ) n
  LEFT JOIN (
    SELECT DISTINCT source_key, input_hash FROM {{results}} WHERE {{keep}} OR fingerprint = '{{fingerprint}}'
  ) r
    ON r.source_key = n.source_key
    AND r.input_hash = n.input_hash
  WHERE r.source_key IS NULL
) s
ON q.source_key = s.source_key
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
WHEN NOT MATCHED THEN INSERT
  (source_key, input, input_hash, fingerprint, cost, attempts, due_at, queued_at)
  VALUES (s.source_key, s.input, s.input_hash, '{{fingerprint}}', s.cost, 0, SYSDATE(), SYSDATE())
