-- Query of the dynamic table: what happened each day with each account. A materialized view could read one table only.
-- https://docs.snowflake.com/en/sql-reference/sql/create-dynamic-table
SELECT
  account_id,
  happened_at::DATE AS metric_day,
  COUNT(DISTINCT IFF(what = 'call', who, NULL)) AS calls,
  COUNT(DISTINCT IFF(what = 'ticket', who, NULL)) AS tickets,
  COUNT(DISTINCT IFF(what = 'deal', who, NULL)) AS deals,
  SUM(amount) AS deal_amount
FROM (
  SELECT account_id, started_at AS happened_at, 'call' AS what, call_id AS who, 0 AS amount FROM ACCOUNT_CALL
  UNION ALL
  SELECT account_id, opened_at, 'ticket', ticket_id, 0 FROM ACCOUNT_TICKET
  UNION ALL
  SELECT account_id, changed_at, 'deal', deal_id, COALESCE(amount, 0) FROM DEAL
)
GROUP BY account_id, happened_at::DATE
