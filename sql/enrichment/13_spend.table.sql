-- The spending: one row for each batch, written when it is claimed, so before anything is bought.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS {{spend}} (
  lease_id VARCHAR(36) NOT NULL,
  day DATE NOT NULL,
  rows_claimed NUMBER(18, 0) NOT NULL,
  cost NUMBER(38, 12) NOT NULL,
  claimed_at TIMESTAMP_NTZ(9) NOT NULL
)
