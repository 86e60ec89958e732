-- Calls with the account that they were with, and what a model said of their mood.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS ACCOUNT_CALL (
  call_id VARCHAR(64) NOT NULL,
  account_id VARCHAR(64) NOT NULL,
  started_at TIMESTAMP_NTZ(9) NOT NULL,
  sentiment VARCHAR
)
