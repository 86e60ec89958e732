-- Forgets what was given up, so that the backfill queues it again; by hand, after the cause is gone.
-- https://docs.snowflake.com/en/sql-reference/sql/delete
DELETE FROM {{results}} WHERE error IS NOT NULL AND fingerprint = '{{fingerprint}}'
