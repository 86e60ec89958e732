-- Query of the view: the open tickets with their urgency.
-- https://docs.snowflake.com/en/sql-reference/functions/ai_classify
SELECT
  k.ticket_id,
  k.account_id,
  k.subject,
  k.opened_at,
  IFF(u.urgency = 'UNKNOWN', COALESCE(u.answer:labels[0]::VARCHAR, 'UNKNOWN'), u.urgency) AS urgency,
  u.urgency = 'UNKNOWN' AND u.answer IS NOT NULL AS judged_by_model
FROM TICKET k
JOIN TICKET_URGENCY u ON u.ticket_id = k.ticket_id
WHERE k.closed_at IS NULL
