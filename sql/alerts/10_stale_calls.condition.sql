-- Condition of the alert, IF (EXISTS (…)), SCHEDULE '60 MINUTE': no call was fetched for six hours, or none ever.
-- https://docs.snowflake.com/en/sql-reference/sql/create-alert
SELECT newest
FROM (SELECT MAX(fetched_at) AS newest FROM CALL_LANDING)
WHERE newest IS NULL OR newest < DATEADD('hour', -6, SYSDATE())
