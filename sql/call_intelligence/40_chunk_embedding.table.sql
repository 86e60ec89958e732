-- Embeddings by the hash of the text: a text that comes again is not bought again.
-- https://docs.snowflake.com/en/sql-reference/data-types-vector
CREATE TABLE IF NOT EXISTS CHUNK_EMBEDDING (
  text_sha256 VARCHAR(64) NOT NULL,
  model VARCHAR NOT NULL,
  embedding VECTOR(FLOAT, 1024),
  embedded_at TIMESTAMP_NTZ(9) NOT NULL
)
