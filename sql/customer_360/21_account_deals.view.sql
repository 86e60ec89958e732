-- Query of the view: what is open of each account.
-- https://docs.snowflake.com/en/sql-reference/functions/sum
SELECT
  account_id,
  COUNT(*) AS open_deals,
  COALESCE(SUM(amount), 0) AS open_amount
FROM DEAL
WHERE stage NOT IN ('Closed Won', 'Closed Lost')
GROUP BY account_id
