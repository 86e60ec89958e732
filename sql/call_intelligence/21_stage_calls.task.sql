-- Body of the task, WHEN SYSTEM$STREAM_HAS_DATA('CALL_LANDING_STREAM'): the newest payload of each call goes to CALLS.
-- https://docs.snowflake.com/en/sql-reference/sql/merge
MERGE INTO CALLS c
USING (
  SELECT
    call_id,
    payload:metaData.title::VARCHAR AS title,
    TRY_TO_TIMESTAMP_TZ(payload:metaData.started::VARCHAR) AS started_at,
    TRY_TO_NUMBER(payload:metaData.duration::VARCHAR) AS duration_seconds,
    payload:parties AS parties,
    payload:transcript AS transcript,
    payload_sha256,
    fetched_at
  FROM CALL_LANDING_STREAM
  WHERE METADATA$ACTION = 'INSERT'
  QUALIFY ROW_NUMBER() OVER (PARTITION BY call_id ORDER BY fetched_at DESC, payload_sha256) = 1
) n
ON c.call_id = n.call_id
WHEN MATCHED AND n.fetched_at > c.fetched_at AND n.payload_sha256 <> c.payload_sha256 THEN UPDATE SET
  title = n.title,
  started_at = n.started_at,
  duration_seconds = n.duration_seconds,
  parties = n.parties,
  transcript = n.transcript,
  payload_sha256 = n.payload_sha256,
  fetched_at = n.fetched_at
WHEN NOT MATCHED THEN INSERT
  (call_id, title, started_at, duration_seconds, parties, transcript, payload_sha256, fetched_at)
  VALUES (n.call_id, n.title, n.started_at, n.duration_seconds, n.parties, n.transcript, n.payload_sha256, n.fetched_at)
