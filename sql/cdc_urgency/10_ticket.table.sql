-- Tickets, as the support tool's loader writes them.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS TICKET (
  ticket_id VARCHAR(64) NOT NULL,
  account_id VARCHAR(64),
  subject VARCHAR,
  body VARCHAR,
  priority VARCHAR,
  opened_at TIMESTAMP_NTZ(9) NOT NULL,
  closed_at TIMESTAMP_NTZ(9)
)
