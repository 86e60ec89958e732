-- Log: what each load of a file came to.
-- https://docs.snowflake.com/en/sql-reference/functions/copy_history
CREATE TABLE IF NOT EXISTS CRM_LOAD_LOG (
  file_name VARCHAR NOT NULL,
  loaded_at TIMESTAMP_LTZ(9) NOT NULL,
  status VARCHAR NOT NULL,
  row_count NUMBER(18, 0),
  error_count NUMBER(18, 0),
  first_error VARCHAR
)
