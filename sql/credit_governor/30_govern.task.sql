-- Body of the task, SCHEDULE 'USING CRON 0 */6 * * * UTC'.
-- https://docs.snowflake.com/en/sql-reference/sql/call
CALL GOVERN_CREDITS()
