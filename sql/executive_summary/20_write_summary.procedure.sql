-- Body of WRITE_SUMMARY(report_day DATE, recipients VARCHAR) RETURNS VARCHAR: themes, summary, email; each step once a day.
-- https://docs.snowflake.com/en/sql-reference/stored-procedures/system_send_email
DECLARE
  known NUMBER;
  message VARCHAR;
  title VARCHAR;
BEGIN
  SELECT COUNT(*) INTO :known FROM DAILY_FACT WHERE fact_day = :report_day;
  IF (known = 0) THEN
    RETURN 'no facts';
  END IF;

  SELECT COUNT(*) INTO :known FROM DAILY_SUMMARY WHERE summary_day = :report_day;
  IF (known = 0) THEN
    INSERT INTO DAILY_SUMMARY (summary_day, themes, written_at)
    SELECT
      :report_day,
      AI_AGG(subject || ': ' || fact, 'Name the three most important themes of these facts, one line each.'),
      SYSDATE()
    FROM DAILY_FACT
    WHERE fact_day = :report_day;
  END IF;

  -- The model sees the facts and the themes, in this order; where it gave no answer, the next run asks again.
  UPDATE DAILY_SUMMARY SET summary = AI_COMPLETE('llama3.3-70b', request)
  FROM (
    SELECT
      d.summary_day AS asked_day,
      'Write a summary for executives, five sentences at most, from nothing but this.\nThemes:\n'
        || COALESCE(d.themes, 'none') || '\nFacts:\n' || f.facts AS request
    FROM DAILY_SUMMARY d
    CROSS JOIN (
      SELECT LISTAGG(subject || ': ' || fact, '\n') WITHIN GROUP (ORDER BY subject, fact) AS facts
      FROM DAILY_FACT
      WHERE fact_day = :report_day
    ) f
    WHERE d.summary_day = :report_day AND d.summary IS NULL
  ) q
  WHERE summary_day = asked_day;

  SELECT MAX(summary) INTO :message FROM DAILY_SUMMARY WHERE summary_day = :report_day;
  IF (message IS NULL) THEN
    RETURN 'no answer';
  END IF;
  SELECT COUNT(*) INTO :known FROM DAILY_SUMMARY WHERE summary_day = :report_day AND mailed_at IS NULL;
  IF (known = 0) THEN
    RETURN 'sent before';
  END IF;

  -- A run that dies between these two makes the next one send it again: once too often, not never.
  title := 'Summary of ' || TO_VARCHAR(report_day, 'YYYY-MM-DD');
  CALL SYSTEM$SEND_EMAIL('EXECUTIVE_MAIL', :recipients, :title, :message);
  UPDATE DAILY_SUMMARY SET mailed_at = SYSDATE() WHERE summary_day = :report_day;
  RETURN 'sent';
END
