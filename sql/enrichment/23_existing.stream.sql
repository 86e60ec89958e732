-- The stream that gives, at its first reading, the rows that are there already: what a backfill queues.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS {{existing}} ON TABLE {{source}} APPEND_ONLY = TRUE SHOW_INITIAL_ROWS = TRUE
