-- Query of the dynamic table: the health of each account by counting; no model, no clock, so that it can refresh by changes.
-- https://docs.snowflake.com/en/user-guide/dynamic-tables-supported-queries
SELECT
  a.account_id,
  a.name,
  COALESCE(c.negative_calls, 0) AS negative_calls,
  COALESCE(t.urgent_tickets, 0) AS urgent_tickets,
  COALESCE(d.open_amount, 0) AS open_amount,
  CASE
    WHEN COALESCE(t.urgent_tickets, 0) >= 2 OR COALESCE(c.negative_calls, 0) >= 3 THEN 'AT RISK'
    WHEN COALESCE(t.urgent_tickets, 0) + COALESCE(c.negative_calls, 0) > 0 THEN 'WATCH'
    ELSE 'GOOD'
  END AS health
FROM ACCOUNT a
LEFT JOIN (
  SELECT account_id, COUNT_IF(sentiment = 'negative') AS negative_calls
  FROM ACCOUNT_CALL
  GROUP BY account_id
) c ON c.account_id = a.account_id
LEFT JOIN (
  SELECT account_id, COUNT_IF(urgency = 'HIGH' AND closed_at IS NULL) AS urgent_tickets
  FROM ACCOUNT_TICKET
  GROUP BY account_id
) t ON t.account_id = a.account_id
LEFT JOIN (
  SELECT account_id, SUM(amount) AS open_amount
  FROM DEAL
  WHERE stage NOT IN ('Closed Won', 'Closed Lost')
  GROUP BY account_id
) d ON d.account_id = a.account_id
