-- Limits: what may be used in a day, and what is done then: LOG, SUSPEND or RESIZE of a warehouse. Empty: nothing is ever done.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CREDIT_LIMIT (
  service VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  daily_credits NUMBER(38, 9) NOT NULL,
  action VARCHAR NOT NULL,
  warehouse_name VARCHAR,
  warehouse_size VARCHAR
)
