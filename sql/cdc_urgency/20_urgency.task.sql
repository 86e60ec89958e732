-- Body of the triggered task, WHEN SYSTEM$STREAM_HAS_DATA('TICKET_STREAM') without SCHEDULE.
-- https://docs.snowflake.com/en/user-guide/tasks-triggered
MERGE INTO TICKET_URGENCY t
USING (
  -- REGEXP_LIKE would have to match the whole text; REGEXP_INSTR finds a word within it.
  SELECT
    ticket_id,
    METADATA$ACTION = 'DELETE' AS gone,
    CASE
      WHEN closed_at IS NOT NULL THEN 'NONE'
      WHEN UPPER(priority) IN ('P1', 'URGENT') THEN 'HIGH'
      WHEN REGEXP_INSTR(COALESCE(subject, ''), 'urgent|critical|emergency|outage|data loss', 1, 1, 0, 'i') > 0 THEN 'HIGH'
      WHEN UPPER(priority) IN ('P2', 'HIGH') THEN 'MEDIUM'
      WHEN UPPER(priority) IN ('P3', 'P4', 'NORMAL', 'LOW') THEN 'LOW'
      ELSE 'UNKNOWN'
    END AS urgency
  FROM TICKET_STREAM
  -- An update comes as a deletion and an insertion: the insertion counts.
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY ticket_id
    ORDER BY IFF(METADATA$ACTION = 'INSERT', 0, 1), opened_at DESC
  ) = 1
) s
ON t.ticket_id = s.ticket_id
WHEN MATCHED AND s.gone THEN DELETE
WHEN MATCHED AND t.urgency <> s.urgency THEN UPDATE SET
  urgency = s.urgency,
  answer = NULL,
  asked_at = NULL,
  processed_at = SYSDATE()
WHEN NOT MATCHED AND NOT s.gone THEN INSERT
  (ticket_id, urgency, processed_at)
  VALUES (s.ticket_id, s.urgency, SYSDATE())
