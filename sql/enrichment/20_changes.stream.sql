-- The stream that tells which rows of the source came, changed and went.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS {{stream}} ON TABLE {{source}}
