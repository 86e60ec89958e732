-- Query of the view: how much waits, what it costs, and why.
-- https://docs.snowflake.com/en/sql-reference/functions/count
SELECT
  CASE
    WHEN cost > {{daily_limit}} THEN 'costs more than a day may'
    WHEN lease_id IS NOT NULL THEN 'claimed'
    WHEN attempts = 0 THEN 'waits'
    WHEN attempts < {{max_attempts}} THEN 'waits for another attempt'
    ELSE 'will be given up'
  END AS state,
  COUNT(*) AS row_count,
  SUM(cost) AS cost,
  MIN(queued_at) AS oldest,
  MAX(last_error) AS an_error
FROM {{queue}}
GROUP BY 1
