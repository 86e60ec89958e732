-- Accounts of the CRM.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS ACCOUNT (
  account_id VARCHAR(64) NOT NULL,
  name VARCHAR NOT NULL,
  industry VARCHAR,
  renews_on DATE
)
