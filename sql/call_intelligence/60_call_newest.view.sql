-- Query of the view: each call with the newest that is known of it.
-- https://docs.snowflake.com/en/sql-reference/constructs/qualify
SELECT
  c.call_id,
  c.title,
  c.started_at,
  c.duration_seconds,
  i.sentiment:categories[0].sentiment::VARCHAR AS sentiment,
  i.summary,
  i.judged_at,
  COALESCE(i.payload_sha256 = c.payload_sha256, FALSE) AS is_current,
  COALESCE(k.chunks, 0) AS chunks,
  COALESCE(k.embedded, 0) AS embedded
FROM CALLS c
LEFT JOIN CALL_INSIGHT i ON i.call_id = c.call_id
LEFT JOIN (
  SELECT h.call_id, COUNT(*) AS chunks, COUNT(e.embedding) AS embedded
  FROM CALL_CHUNK h
  LEFT JOIN CHUNK_EMBEDDING e
    ON e.text_sha256 = h.text_sha256 AND e.model = 'snowflake-arctic-embed-l-v2.0'
  GROUP BY h.call_id
) k ON k.call_id = c.call_id
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY c.call_id
  ORDER BY IFF(i.payload_sha256 = c.payload_sha256, 0, 1), i.judged_at DESC
) = 1
