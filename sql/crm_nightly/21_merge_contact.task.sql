-- Body of the task after 20: the newest record of each contact goes into the dimension; an older one changes nothing.
-- https://docs.snowflake.com/en/sql-reference/sql/merge
MERGE INTO CONTACT t
USING (
  SELECT
    payload:contact_id::VARCHAR AS contact_id,
    LOWER(TRIM(payload:email::VARCHAR)) AS email,
    payload:first_name::VARCHAR AS first_name,
    payload:last_name::VARCHAR AS last_name,
    payload:company::VARCHAR AS company,
    TRY_TO_TIMESTAMP_NTZ(payload:updated_at::VARCHAR) AS updated_at
  FROM CRM_LANDING_STREAM
  WHERE METADATA$ACTION = 'INSERT'
    AND payload:contact_id::VARCHAR IS NOT NULL
    AND TRY_TO_TIMESTAMP_NTZ(payload:updated_at::VARCHAR) IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY payload:contact_id::VARCHAR
    ORDER BY TRY_TO_TIMESTAMP_NTZ(payload:updated_at::VARCHAR) DESC, file_name DESC, file_row DESC
  ) = 1
) s
ON t.contact_id = s.contact_id
WHEN MATCHED AND s.updated_at > t.updated_at THEN UPDATE SET
  email = s.email,
  first_name = s.first_name,
  last_name = s.last_name,
  company = s.company,
  updated_at = s.updated_at,
  merged_at = SYSDATE()
WHEN NOT MATCHED THEN INSERT
  (contact_id, email, first_name, last_name, company, updated_at, merged_at)
  VALUES (s.contact_id, s.email, s.first_name, s.last_name, s.company, s.updated_at, SYSDATE())
