-- Body of GOVERN_CREDITS() RETURNS VARCHAR: writes the usage log, then acts on limits that today passed, once a day each.
-- https://docs.snowflake.com/en/sql-reference/account-usage
DECLARE
  passed CURSOR FOR
    SELECT l.service, l.name, u.credits, l.daily_credits, UPPER(l.action) AS action, l.warehouse_name, l.warehouse_size
    FROM CREDIT_LIMIT l
    JOIN CREDIT_USAGE u ON u.service = l.service AND u.name = l.name AND u.usage_day = SYSDATE()::DATE
    LEFT JOIN CREDIT_ACTION a
      ON a.usage_day = u.usage_day AND a.service = l.service AND a.name = l.name
      AND a.action = UPPER(l.action) AND a.outcome = 'done'
    WHERE u.credits > l.daily_credits AND a.action IS NULL
    ORDER BY l.service, l.name, l.action;
  acted NUMBER DEFAULT 0;
BEGIN
  -- The views are hours late and grow after the fact: the last three days are written anew.
  MERGE INTO CREDIT_USAGE t
  USING (
    SELECT usage_day, service, name, SUM(credits) AS credits
    FROM (
      SELECT
        CONVERT_TIMEZONE('UTC', start_time)::DATE AS usage_day,
        'WAREHOUSE' AS service,
        warehouse_name AS name,
        credits_used AS credits
      FROM SNOWFLAKE.ACCOUNT_USAGE.WAREHOUSE_METERING_HISTORY
      WHERE start_time >= DATEADD('day', -4, CURRENT_TIMESTAMP())
      UNION ALL
      SELECT CONVERT_TIMEZONE('UTC', start_time)::DATE, 'AI', function_name, credits
      FROM SNOWFLAKE.ACCOUNT_USAGE.CORTEX_AI_FUNCTIONS_USAGE_HISTORY
      WHERE start_time >= DATEADD('day', -4, CURRENT_TIMESTAMP())
      UNION ALL
      SELECT usage_date, 'SERVICE', service_type, credits_used
      FROM SNOWFLAKE.ACCOUNT_USAGE.METERING_DAILY_HISTORY
      WHERE usage_date >= DATEADD('day', -4, SYSDATE()::DATE)
    )
    WHERE name IS NOT NULL AND usage_day > DATEADD('day', -3, SYSDATE()::DATE)
    GROUP BY usage_day, service, name
  ) s
  ON t.usage_day = s.usage_day AND t.service = s.service AND t.name = s.name
  WHEN MATCHED AND t.credits <> s.credits THEN UPDATE SET
    credits = s.credits,
    seen_at = SYSDATE()
  WHEN NOT MATCHED THEN INSERT
    (usage_day, service, name, credits, seen_at)
    VALUES (s.usage_day, s.service, s.name, s.credits, SYSDATE());

  FOR r IN passed DO
    LET service VARCHAR := r.service;
    LET name VARCHAR := r.name;
    LET credits NUMBER(38, 9) := r.credits;
    LET daily_credits NUMBER(38, 9) := r.daily_credits;
    LET action VARCHAR := r.action;
    LET warehouse VARCHAR := r.warehouse_name;
    LET size VARCHAR := r.warehouse_size;
    LET outcome VARCHAR := 'done';
    BEGIN
      IF (action = 'SUSPEND' AND warehouse IS NOT NULL) THEN
        EXECUTE IMMEDIATE 'ALTER WAREHOUSE "' || REPLACE(warehouse, '"', '""') || '" SUSPEND';
      ELSEIF (action = 'RESIZE' AND warehouse IS NOT NULL AND size IS NOT NULL) THEN
        EXECUTE IMMEDIATE 'ALTER WAREHOUSE "' || REPLACE(warehouse, '"', '""') || '" SET WAREHOUSE_SIZE = '''
          || REPLACE(REPLACE(size, '\\', ''), '''', '') || '''';
      ELSEIF (action <> 'LOG') THEN
        outcome := 'not understood: nothing was done';
      END IF;
    EXCEPTION
      WHEN OTHER THEN
        -- A warehouse that is suspended already cannot be suspended; so it says, and the next run tries again.
        outcome := SQLERRM;
    END;
    INSERT INTO CREDIT_ACTION (usage_day, service, name, credits, daily_credits, action, outcome, taken_at)
    SELECT SYSDATE()::DATE, :service, :name, :credits, :daily_credits, :action, :outcome, SYSDATE();
    acted := acted + 1;
  END FOR;
  RETURN acted || ' limits passed';
END
