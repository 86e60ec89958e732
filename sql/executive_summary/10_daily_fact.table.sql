-- The facts of a day that the summary may use, one line each.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS DAILY_FACT (
  fact_day DATE NOT NULL,
  subject VARCHAR NOT NULL,
  fact VARCHAR NOT NULL
)
