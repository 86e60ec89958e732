-- Body of the task that buys: settle, give up, claim a batch, buy it in one statement; again, {{batches}} times at most.
-- https://docs.snowflake.com/en/developer-guide/snowflake-scripting/blocks
DECLARE
  lease VARCHAR;
  problem VARCHAR;
  moment TIMESTAMP_NTZ;
  claimed NUMBER;
  spent_credits FLOAT;
BEGIN
  spent_credits := ({{credits}});
  FOR pass_no IN 0 TO {{batches}} DO
    -- Settle what is bought, also what a run bought that died.
    BEGIN TRANSACTION;
    UPDATE {{outcomes}} SET settling = TRUE;
    MERGE INTO {{results}} r
    USING (
      SELECT source_key, input_hash, fingerprint, {{value}} AS result, attempts, bought_at
      FROM {{outcomes}}
      WHERE settling AND {{error}} IS NULL
      QUALIFY ROW_NUMBER() OVER (PARTITION BY source_key, input_hash, fingerprint ORDER BY bought_at) = 1
    ) o
    ON r.source_key = o.source_key AND r.input_hash = o.input_hash AND r.fingerprint = o.fingerprint
    WHEN MATCHED AND r.error IS NOT NULL THEN UPDATE SET
      result = o.result,
      error = NULL,
      attempts = o.attempts,
      computed_at = o.bought_at
    WHEN NOT MATCHED THEN INSERT
      (source_key, input_hash, fingerprint, result, attempts, computed_at)
      VALUES (o.source_key, o.input_hash, o.fingerprint, o.result, o.attempts, o.bought_at);
    -- A row that got another text meanwhile has another hash, and stays.
    MERGE INTO {{queue}} q
    USING (
      SELECT lease_id, source_key, input_hash, fingerprint, {{error}} AS error
      FROM {{outcomes}}
      WHERE settling
      QUALIFY ROW_NUMBER() OVER (
        PARTITION BY source_key, input_hash, fingerprint
        ORDER BY IFF({{error}} IS NULL, 0, 1), bought_at DESC
      ) = 1
    ) o
    ON q.source_key = o.source_key AND q.input_hash = o.input_hash AND q.fingerprint = o.fingerprint
    WHEN MATCHED AND o.error IS NULL THEN DELETE
    WHEN MATCHED AND q.lease_id = o.lease_id THEN UPDATE SET
      lease_id = NULL,
      last_error = o.error,
      due_at = DATEADD('minute', IFF(q.attempts < {{max_attempts}}, {{backoff_minutes}} * POWER(4, q.attempts - 1), 0), SYSDATE());
    DELETE FROM {{outcomes}} WHERE settling;
    COMMIT;

    -- Give up what was tried often enough: the error stays with the text that caused it.
    moment := SYSDATE();
    BEGIN TRANSACTION;
    MERGE INTO {{results}} r
    USING (
      SELECT source_key, input_hash, fingerprint, attempts, last_error
      FROM {{queue}}
      WHERE attempts >= {{max_attempts}} AND due_at <= :moment
    ) q
    ON r.source_key = q.source_key AND r.input_hash = q.input_hash AND r.fingerprint = q.fingerprint
    WHEN NOT MATCHED THEN INSERT
      (source_key, input_hash, fingerprint, error, attempts, computed_at)
      VALUES (q.source_key, q.input_hash, q.fingerprint,
        COALESCE(q.last_error, 'the lease ran out before an answer came'), q.attempts, :moment);
    DELETE FROM {{queue}} WHERE attempts >= {{max_attempts}} AND due_at <= :moment;
    COMMIT;

    IF (pass_no = {{batches}} OR spent_credits >= {{credits_per_day}}) THEN
      BREAK;
    END IF;

    -- Claim rows that are due and fit into the limit of the day. Those of one number of attempts go together, and ever fewer
    -- of them: where one row makes the whole statement fail, the others soon go without it.
    lease := UUID_STRING();
    BEGIN TRANSACTION;
    UPDATE {{queue}} SET
      lease_id = :lease,
      -- It may have come in before the model or the prompt changed: the result is of what buys it.
      fingerprint = '{{fingerprint}}',
      attempts = attempts + 1,
      due_at = DATEADD('minute', {{lease_minutes}}, SYSDATE())
    FROM (
      SELECT d.source_key AS claimed_key
      FROM {{queue}} d
      CROSS JOIN (SELECT COALESCE(SUM(cost), 0) AS spent FROM {{spend}} WHERE day = SYSDATE()::DATE) t
      WHERE d.due_at <= SYSDATE() AND d.attempts < {{max_attempts}} AND d.cost <= {{daily_limit}}
      QUALIFY d.attempts = FIRST_VALUE(d.attempts) OVER (ORDER BY d.due_at, d.source_key)
        AND ROW_NUMBER() OVER (PARTITION BY d.attempts ORDER BY d.due_at, d.source_key)
          <= GREATEST(1, {{batch}} / POWER(10, d.attempts))
        AND SUM(d.cost) OVER (
          PARTITION BY d.attempts
          ORDER BY d.due_at, d.source_key
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) <= {{daily_limit}} - t.spent
    ) c
    WHERE source_key = claimed_key;
    INSERT INTO {{spend}} (lease_id, day, rows_claimed, cost, claimed_at)
    SELECT lease_id, SYSDATE()::DATE, COUNT(*), SUM(cost), SYSDATE()
    FROM {{queue}}
    WHERE lease_id = :lease
    GROUP BY lease_id;
    claimed := SQLROWCOUNT;
    COMMIT;

    IF (claimed = 0) THEN
      BREAK;
    END IF;

    -- Buy: the call stands once in the text, and its answer is stored before anybody looks into it.
    BEGIN
      INSERT INTO {{outcomes}}
        (lease_id, source_key, input_hash, fingerprint, attempts, outcome, bought_at, settling)
      SELECT lease_id, source_key, input_hash, fingerprint, attempts, {{call}}, SYSDATE(), FALSE
      FROM {{queue}}
      WHERE lease_id = :lease;
    EXCEPTION
      WHEN OTHER THEN
        problem := SQLERRM;
        UPDATE {{queue}} SET
          lease_id = NULL,
          last_error = :problem,
          due_at = DATEADD('minute', IFF(attempts < {{max_attempts}}, {{backoff_minutes}} * POWER(4, attempts - 1), 0), SYSDATE())
        WHERE lease_id = :lease;
    END;
  END FOR;

  -- Each run takes what the stream on the queue has, so that it never gets stale. Where something waits, one row is
  -- touched, which the stream tells the schedule; so it does of a row that comes in after this transaction began.
  BEGIN TRANSACTION;
  INSERT INTO {{spend}} (lease_id, day, rows_claimed, cost, claimed_at)
  SELECT source_key, SYSDATE()::DATE, 0, 0, SYSDATE() FROM {{wake}} WHERE 0 = 1;
  UPDATE {{queue}} SET touched_at = SYSDATE() WHERE source_key = (SELECT MIN(source_key) FROM {{queue}});
  COMMIT;
END
