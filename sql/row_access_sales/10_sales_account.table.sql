-- Mapping: who may see which account. Names as CURRENT_USER() gives them.
-- https://docs.snowflake.com/en/user-guide/security-row-using
CREATE TABLE IF NOT EXISTS SALES_ACCOUNT (
  user_name VARCHAR NOT NULL,
  account_id VARCHAR(64) NOT NULL
)
