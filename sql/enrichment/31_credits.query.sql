-- The credits that the functions of this enrichment cost today, as far as Snowflake tells yet.
-- https://docs.snowflake.com/en/sql-reference/account-usage/cortex_ai_functions_usage_history
SELECT COALESCE(SUM(credits), 0)
FROM SNOWFLAKE.ACCOUNT_USAGE.CORTEX_AI_FUNCTIONS_USAGE_HISTORY
WHERE query_tag = {{query_tag}} AND CONVERT_TIMEZONE('UTC', start_time)::DATE = SYSDATE()::DATE
