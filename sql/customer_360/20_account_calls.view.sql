-- Query of the view: the calls of each account in the last 90 days.
-- https://docs.snowflake.com/en/sql-reference/functions/count_if
SELECT
  account_id,
  COUNT(*) AS calls,
  COUNT_IF(sentiment = 'negative') AS negative_calls,
  MAX(started_at) AS last_call_at
FROM ACCOUNT_CALL
WHERE started_at >= DATEADD('day', -90, SYSDATE())
GROUP BY account_id
