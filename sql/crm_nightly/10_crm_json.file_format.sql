-- File format of the exports: JSON, an array of contacts in each file.
-- https://docs.snowflake.com/en/sql-reference/sql/create-file-format
CREATE FILE FORMAT IF NOT EXISTS CRM_JSON TYPE = JSON STRIP_OUTER_ARRAY = TRUE
