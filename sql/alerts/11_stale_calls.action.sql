-- Action of the alert: an email, by an integration of TYPE = EMAIL that allows the address.
-- https://docs.snowflake.com/en/sql-reference/stored-procedures/system_send_email
CALL SYSTEM$SEND_EMAIL(
  'OPERATIONS_MAIL',
  'operations@example.com',
  'No new calls',
  'No call was fetched for six hours. Look at the loader, then at CALL_LANDING.'
)
