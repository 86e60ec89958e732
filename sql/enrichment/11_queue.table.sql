-- The queue: what is still to be bought, one row for each key, with the text as it was when it came in.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS {{queue}} (
  source_key VARCHAR NOT NULL,
  input VARCHAR NOT NULL,
  input_hash VARCHAR(64) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  cost NUMBER(38, 12) NOT NULL,
  attempts NUMBER(9, 0) NOT NULL,
  lease_id VARCHAR(36),
  due_at TIMESTAMP_NTZ(9) NOT NULL,
  last_error VARCHAR,
  queued_at TIMESTAMP_NTZ(9) NOT NULL,
  touched_at TIMESTAMP_NTZ(9)
)
