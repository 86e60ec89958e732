-- Query of the view on the dynamic table: each row of the source with its result.
-- https://docs.snowflake.com/en/sql-reference/sql/create-view
SELECT {{columns}}, {{value}} AS result, {{error}} AS error
FROM {{bought}}
