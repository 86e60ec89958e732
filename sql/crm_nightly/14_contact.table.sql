-- Dimension: one row for each contact, as the CRM knew it last.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CONTACT (
  contact_id VARCHAR(64) NOT NULL,
  email VARCHAR,
  first_name VARCHAR,
  last_name VARCHAR,
  company VARCHAR,
  updated_at TIMESTAMP_NTZ(9) NOT NULL,
  merged_at TIMESTAMP_NTZ(9) NOT NULL
)
