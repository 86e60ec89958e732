-- Stream of what was loaded and is not merged yet.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS CRM_LANDING_STREAM ON TABLE CRM_LANDING APPEND_ONLY = TRUE
