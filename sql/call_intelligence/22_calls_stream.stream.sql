-- Stream of the staged calls: which are new, which have another transcript.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS CALLS_STREAM ON TABLE CALLS
