-- Log: the credits of each day, for each warehouse, AI function and service.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CREDIT_USAGE (
  usage_day DATE NOT NULL,
  service VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  credits NUMBER(38, 9) NOT NULL,
  seen_at TIMESTAMP_NTZ(9) NOT NULL
)
