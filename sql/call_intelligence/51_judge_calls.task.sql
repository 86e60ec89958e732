-- Body of the task after 31: sentiment and summary of at most 100 calls that have none of this transcript.
-- https://docs.snowflake.com/en/sql-reference/functions/ai_sentiment
INSERT INTO CALL_INSIGHT (call_id, payload_sha256, sentiment, summary, judged_at)
SELECT
  call_id,
  payload_sha256,
  AI_SENTIMENT(beginning)::VARIANT,
  AI_COMPLETE(
    'llama3.3-70b',
    'Summarize this sales call in three sentences, then name the next step that was agreed, if any.\n\n' || beginning
  ),
  SYSDATE()
FROM (
  -- Models read a limited number of tokens: the first 8,000 characters.
  SELECT
    c.call_id,
    c.payload_sha256,
    LEFT(LISTAGG(k.chunk_text, '\n') WITHIN GROUP (ORDER BY k.chunk_no), 8000) AS beginning
  FROM CALLS c
  JOIN CALL_CHUNK k ON k.call_id = c.call_id
  LEFT JOIN CALL_INSIGHT i ON i.call_id = c.call_id AND i.payload_sha256 = c.payload_sha256
  WHERE i.call_id IS NULL AND k.chunk_no <= 5
  GROUP BY c.call_id, c.payload_sha256
  ORDER BY c.call_id
  LIMIT 100
)
