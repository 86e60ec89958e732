-- Body of SEARCH_CHUNKS(question VARCHAR, most NUMBER), RETURNS TABLE (call_id VARCHAR, chunk_no NUMBER, chunk_text VARCHAR, similarity FLOAT).
-- https://docs.snowflake.com/en/sql-reference/functions/vector_cosine_similarity
WITH asked AS (
  SELECT AI_EMBED('snowflake-arctic-embed-l-v2.0', question) AS question_embedding
),
scored AS (
  SELECT
    c.call_id,
    c.chunk_no,
    c.chunk_text,
    VECTOR_COSINE_SIMILARITY(e.embedding, a.question_embedding) AS similarity
  FROM CALL_CHUNK c
  JOIN CHUNK_EMBEDDING e
    ON e.text_sha256 = c.text_sha256 AND e.model = 'snowflake-arctic-embed-l-v2.0'
  CROSS JOIN asked a
  WHERE e.embedding IS NOT NULL
)
-- LIMIT takes constants only; a row number takes the argument.
SELECT call_id, chunk_no, chunk_text, similarity
FROM scored
QUALIFY ROW_NUMBER() OVER (ORDER BY similarity DESC, call_id, chunk_no) <= most
