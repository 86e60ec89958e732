-- Body of the task, SCHEDULE 'USING CRON 0 6 * * * UTC': the summary of yesterday.
-- https://docs.snowflake.com/en/sql-reference/sql/call
CALL WRITE_SUMMARY(DATEADD('day', -1, SYSDATE()::DATE), 'executives@example.com')
