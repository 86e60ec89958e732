-- Body of the finalizer task of 20 (FINALIZE, so that it runs after a failure, too): logs the loads of the last two days.
-- https://docs.snowflake.com/en/sql-reference/functions/copy_history
INSERT INTO CRM_LOAD_LOG (file_name, loaded_at, status, row_count, error_count, first_error)
SELECT h.file_name, h.last_load_time, h.status, h.row_count, h.error_count, h.first_error_message
FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(
  TABLE_NAME => 'CRM_LANDING',
  START_TIME => DATEADD('day', -2, CURRENT_TIMESTAMP())
)) h
LEFT JOIN CRM_LOAD_LOG l ON l.file_name = h.file_name AND l.loaded_at = h.last_load_time
WHERE l.file_name IS NULL
