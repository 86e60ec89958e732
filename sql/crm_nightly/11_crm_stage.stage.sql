-- Stage that the CRM's exports are put into.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stage
CREATE STAGE IF NOT EXISTS CRM_STAGE FILE_FORMAT = (FORMAT_NAME = 'CRM_JSON')
