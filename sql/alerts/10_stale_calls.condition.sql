-- Condition of the alert, IF (EXISTS (…)), SCHEDULE '60 MINUTE': no call was fetched for six hours, or none ever.
-- https://docs.snowflake.com/en/sql-reference/sql/create-alert
SELECT 1
FROM CALL_LANDING
HAVING COALESCE(MAX(fetched_at), '1970-01-01'::TIMESTAMP_NTZ) < DATEADD('hour', -6, SYSDATE())
