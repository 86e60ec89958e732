-- Body of the root task, SCHEDULE 'USING CRON 0 2 * * * UTC': loads the files that were not loaded yet, bad files not at all.
-- https://docs.snowflake.com/en/sql-reference/sql/copy-into-table
COPY INTO CRM_LANDING (payload, file_name, file_row)
FROM (
  SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER
  FROM @CRM_STAGE/contacts/
)
FILE_FORMAT = (FORMAT_NAME = 'CRM_JSON')
ON_ERROR = SKIP_FILE
