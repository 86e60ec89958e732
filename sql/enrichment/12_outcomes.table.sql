-- The outcomes: what was bought and is not settled yet. It is no temporary table: it must outlive a run that dies.
-- https://docs.snowflake.com/en/user-guide/tables-temp-transient
CREATE TRANSIENT TABLE IF NOT EXISTS {{outcomes}} (
  lease_id VARCHAR(36) NOT NULL,
  source_key VARCHAR NOT NULL,
  input_hash VARCHAR(64) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  attempts NUMBER(9, 0) NOT NULL,
  outcome {{outcome_type}},
  bought_at TIMESTAMP_NTZ(9) NOT NULL,
  settling BOOLEAN NOT NULL
)
