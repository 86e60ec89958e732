-- Body of SALES_ROWS AS (row_account VARCHAR) RETURNS BOOLEAN: admins see all, others their accounts, nobody what has none.
-- https://docs.snowflake.com/en/sql-reference/sql/create-row-access-policy
IS_ROLE_IN_SESSION('SALES_ADMIN')
OR EXISTS (
  SELECT 1
  FROM SALES_ACCOUNT m
  WHERE m.user_name = CURRENT_USER() AND m.account_id = row_account
)
