-- Body of the task after 20, optional: asks the model about at most 50 tickets that no rule knows, each once.
-- https://docs.snowflake.com/en/sql-reference/functions/ai_classify
MERGE INTO TICKET_URGENCY t
USING (
  SELECT
    ticket_id,
    AI_CLASSIFY(ticket_text, ['HIGH', 'MEDIUM', 'LOW'])::VARIANT AS answer
  FROM (
    SELECT u.ticket_id, COALESCE(k.subject, '') || '\n' || COALESCE(k.body, '') AS ticket_text
    FROM TICKET_URGENCY u
    JOIN TICKET k ON k.ticket_id = u.ticket_id
    WHERE u.urgency = 'UNKNOWN' AND u.asked_at IS NULL
    ORDER BY u.processed_at, u.ticket_id
    LIMIT 50
  )
) s
ON t.ticket_id = s.ticket_id
WHEN MATCHED THEN UPDATE SET
  answer = s.answer,
  asked_at = SYSDATE()
