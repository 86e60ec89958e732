-- Landing table: each fetch of a call as it came, nothing is ever changed here.
-- https://docs.snowflake.com/en/sql-reference/data-types-semistructured
CREATE TABLE IF NOT EXISTS CALL_LANDING (
  call_id VARCHAR(64) NOT NULL,
  payload VARIANT NOT NULL,
  payload_sha256 VARCHAR(64) NOT NULL,
  fetched_at TIMESTAMP_NTZ(9) NOT NULL
)
