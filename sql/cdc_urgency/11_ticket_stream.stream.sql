-- Stream of what changed in the tickets.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS TICKET_STREAM ON TABLE TICKET
