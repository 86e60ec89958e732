-- Action of the alert.
-- https://docs.snowflake.com/en/sql-reference/stored-procedures/system_send_email
CALL SYSTEM$SEND_EMAIL(
  'OPERATIONS_MAIL',
  'operations@example.com',
  'A task failed',
  'One or more tasks failed. See INFORMATION_SCHEMA.TASK_HISTORY(ERROR_ONLY => TRUE).'
)
