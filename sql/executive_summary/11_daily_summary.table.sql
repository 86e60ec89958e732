-- The summaries: one row for each day; what is done stands in it, so that a run that died goes on where it was.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS DAILY_SUMMARY (
  summary_day DATE NOT NULL,
  themes VARCHAR,
  summary VARCHAR,
  written_at TIMESTAMP_NTZ(9) NOT NULL,
  mailed_at TIMESTAMP_NTZ(9)
)
