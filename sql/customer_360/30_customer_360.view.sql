-- Query of the view: all of an account in one row. Each source is one row for an account before it is joined.
-- https://docs.snowflake.com/en/sql-reference/sql/create-view
SELECT
  a.account_id,
  a.name,
  a.industry,
  a.renews_on,
  COALESCE(c.calls, 0) AS calls,
  COALESCE(c.negative_calls, 0) AS negative_calls,
  c.last_call_at,
  COALESCE(d.open_deals, 0) AS open_deals,
  COALESCE(d.open_amount, 0) AS open_amount,
  COALESCE(t.open_tickets, 0) AS open_tickets,
  COALESCE(t.urgent_tickets, 0) AS urgent_tickets
FROM ACCOUNT a
LEFT JOIN ACCOUNT_CALLS c ON c.account_id = a.account_id
LEFT JOIN ACCOUNT_DEALS d ON d.account_id = a.account_id
LEFT JOIN ACCOUNT_TICKETS t ON t.account_id = a.account_id
