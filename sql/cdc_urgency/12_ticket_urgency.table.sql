-- The processed tickets: urgency by rule, and by the model where no rule knows.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS TICKET_URGENCY (
  ticket_id VARCHAR(64) NOT NULL,
  urgency VARCHAR(16) NOT NULL,
  answer VARIANT,
  asked_at TIMESTAMP_NTZ(9),
  processed_at TIMESTAMP_NTZ(9) NOT NULL
)
