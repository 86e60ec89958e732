-- The stream on the queue: the buying task looks at nothing while it is empty.
-- https://docs.snowflake.com/en/sql-reference/sql/create-stream
CREATE STREAM IF NOT EXISTS {{wake}} ON TABLE {{queue}}
