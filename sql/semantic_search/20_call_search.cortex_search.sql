-- Query of the Cortex Search Service: ON chunk_text ATTRIBUTES call_id, title, started_on, EMBEDDING_MODEL = 'snowflake-arctic-embed-l-v2.0'.
-- https://docs.snowflake.com/en/sql-reference/sql/create-cortex-search
SELECT
  k.chunk_text,
  k.call_id,
  k.chunk_no,
  c.title,
  c.started_at::DATE AS started_on
FROM CALL_CHUNK k
JOIN CALLS c ON c.call_id = k.call_id
