-- Stream of what landed; APPEND_ONLY, as the landing table only grows.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS CALL_LANDING_STREAM ON TABLE CALL_LANDING APPEND_ONLY = TRUE
