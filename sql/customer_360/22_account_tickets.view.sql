-- Query of the view: the open tickets of each account.
-- https://docs.snowflake.com/en/sql-reference/functions/count_if
SELECT
  account_id,
  COUNT(*) AS open_tickets,
  COUNT_IF(urgency = 'HIGH') AS urgent_tickets
FROM ACCOUNT_TICKET
WHERE closed_at IS NULL
GROUP BY account_id
