-- Body of the task after 31: buys at most 500 embeddings that are missing. The rows are chosen before the model is asked.
-- https://docs.snowflake.com/en/sql-reference/functions/ai_embed
INSERT INTO CHUNK_EMBEDDING (text_sha256, model, embedding, embedded_at)
SELECT
  text_sha256,
  'snowflake-arctic-embed-l-v2.0',
  AI_EMBED('snowflake-arctic-embed-l-v2.0', chunk_text),
  SYSDATE()
FROM (
  SELECT c.text_sha256, MIN(c.chunk_text) AS chunk_text
  FROM CALL_CHUNK c
  LEFT JOIN CHUNK_EMBEDDING e
    ON e.text_sha256 = c.text_sha256 AND e.model = 'snowflake-arctic-embed-l-v2.0'
  WHERE e.text_sha256 IS NULL
  GROUP BY c.text_sha256
  ORDER BY c.text_sha256
  LIMIT 500
)
