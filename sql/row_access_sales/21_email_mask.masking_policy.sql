-- Body of EMAIL_MASK AS (val VARCHAR) RETURNS VARCHAR: without the role PII_READER only the domain is seen.
-- https://docs.snowflake.com/en/sql-reference/sql/create-masking-policy
CASE
  WHEN val IS NULL OR IS_ROLE_IN_SESSION('PII_READER') THEN val
  WHEN POSITION('@' IN val) > 0 THEN '*****@' || SPLIT_PART(val, '@', -1)
  ELSE '*****'
END
