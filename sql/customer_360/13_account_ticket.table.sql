-- Tickets with the account that opened them, and their urgency.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS ACCOUNT_TICKET (
  ticket_id VARCHAR(64) NOT NULL,
  account_id VARCHAR(64) NOT NULL,
  urgency VARCHAR NOT NULL,
  opened_at TIMESTAMP_NTZ(9) NOT NULL,
  closed_at TIMESTAMP_NTZ(9)
)
