-- Query of the dynamic table that buys: the call stands once in the text, and its answer is kept as it came.
-- https://docs.snowflake.com/en/user-guide/dynamic-tables-refresh
SELECT {{columns}}, {{call_over_input}} AS outcome
FROM {{source}}
WHERE COALESCE({{input}}, '') <> ''
