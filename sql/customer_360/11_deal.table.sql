-- Deals of the CRM.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS DEAL (
  deal_id VARCHAR(64) NOT NULL,
  account_id VARCHAR(64) NOT NULL,
  stage VARCHAR NOT NULL,
  amount NUMBER(15, 2),
  changed_at TIMESTAMP_NTZ(9) NOT NULL
)
