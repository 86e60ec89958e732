-- What was done because of which limit, and what came of it.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CREDIT_ACTION (
  usage_day DATE NOT NULL,
  service VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  credits NUMBER(38, 9) NOT NULL,
  daily_credits NUMBER(38, 9) NOT NULL,
  action VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  taken_at TIMESTAMP_NTZ(9) NOT NULL
)
