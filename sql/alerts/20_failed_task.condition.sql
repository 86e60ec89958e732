-- Condition of the alert, SCHEDULE '15 MINUTE': a task failed since the last time the alert looked, so none is missed or told twice.
-- https://docs.snowflake.com/en/sql-reference/functions/task_history
SELECT name, error_message
FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(
  SCHEDULED_TIME_RANGE_START => DATEADD('day', -1, CURRENT_TIMESTAMP()),
  RESULT_LIMIT => 10000,
  ERROR_ONLY => TRUE
))
WHERE state = 'FAILED'
  AND completed_time >= SNOWFLAKE.ALERT.LAST_SUCCESSFUL_SCHEDULED_TIME()
  AND completed_time < SNOWFLAKE.ALERT.SCHEDULED_TIME()
