-- Landing table: each record of each file, as it came.
-- https://docs.snowflake.com/en/user-guide/data-load-transform
CREATE TABLE IF NOT EXISTS CRM_LANDING (
  payload VARIANT,
  file_name VARCHAR NOT NULL,
  file_row NUMBER(18, 0) NOT NULL
)
