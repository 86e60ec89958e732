-- The table to protect: ADD ROW ACCESS POLICY SALES_ROWS ON (account_id), and a masking policy on contact_email.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS OPPORTUNITY (
  opportunity_id VARCHAR(64) NOT NULL,
  account_id VARCHAR(64),
  contact_email VARCHAR,
  amount NUMBER(15, 2)
)
