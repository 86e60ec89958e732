-- Query of the view: each row of the source with its newest result; is_current tells whether it is of the present text.
-- https://docs.snowflake.com/en/sql-reference/constructs/qualify
SELECT
  {{shown}},
  r.result,
  r.error,
  r.attempts,
  r.computed_at,
  COALESCE(r.input_hash = s.current_hash AND r.fingerprint = '{{fingerprint}}', FALSE) AS is_current
FROM (
  SELECT {{columns}}, TO_VARCHAR({{key}}) AS current_key, SHA2({{input}}, 256) AS current_hash
  FROM {{source}}
) s
LEFT JOIN {{results}} r ON r.source_key = s.current_key
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY s.current_key
  ORDER BY
    IFF(r.input_hash = s.current_hash AND r.fingerprint = '{{fingerprint}}', 0, 1),
    IFF(r.error IS NULL, 0, 1),
    r.computed_at DESC
) = 1
