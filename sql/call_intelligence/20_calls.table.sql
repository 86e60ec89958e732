-- Staged calls: one row for each call, its newest payload.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CALLS (
  call_id VARCHAR(64) NOT NULL,
  title VARCHAR,
  started_at TIMESTAMP_TZ(9),
  duration_seconds NUMBER(9, 0),
  parties VARIANT,
  transcript VARIANT,
  payload_sha256 VARCHAR(64) NOT NULL,
  fetched_at TIMESTAMP_NTZ(9) NOT NULL
)
