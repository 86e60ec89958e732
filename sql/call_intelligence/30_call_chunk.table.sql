-- Chunks: consecutive turns of a call, at most 2,000 characters together.
-- https://docs.snowflake.com/en/sql-reference/sql/create-table
CREATE TABLE IF NOT EXISTS CALL_CHUNK (
  call_id VARCHAR(64) NOT NULL,
  chunk_no NUMBER(9, 0) NOT NULL,
  chunk_text VARCHAR(2000) NOT NULL,
  text_sha256 VARCHAR(64) NOT NULL,
  start_ms NUMBER(18, 0),
  end_ms NUMBER(18, 0)
)
