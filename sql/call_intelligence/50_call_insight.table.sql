-- Insights: what the models said of a call, one row for each transcript; the answers as they came.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CALL_INSIGHT (
  call_id VARCHAR(64) NOT NULL,
  payload_sha256 VARCHAR(64) NOT NULL,
  sentiment VARIANT,
  summary VARCHAR,
  judged_at TIMESTAMP_NTZ(9) NOT NULL
)
