-- The results: one row for each text and fingerprint that was bought, or given up with its error.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS {{results}} (
  source_key VARCHAR NOT NULL,
  input_hash VARCHAR(64) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  result {{result_type}},
  error VARCHAR,
  attempts NUMBER(9, 0) NOT NULL,
  computed_at TIMESTAMP_NTZ(9) NOT NULL
)
