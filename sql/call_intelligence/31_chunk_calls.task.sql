-- Body of the task, WHEN SYSTEM$STREAM_HAS_DATA('CALLS_STREAM'): replaces the chunks of every call that changed.
-- https://docs.snowflake.com/en/user-guide/streams-intro
BEGIN
  -- Within one transaction both statements read the same of the stream, and the offset moves with the commit.
  BEGIN TRANSACTION;
  DELETE FROM CALL_CHUNK WHERE call_id IN (SELECT call_id FROM CALLS_STREAM);
  -- A piece has at most 998 characters, and a line break joins it to the next; pieces that begin within the same 1,000
  -- characters make a chunk: at most 999 + 998 characters.
  INSERT INTO CALL_CHUNK (call_id, chunk_no, chunk_text, text_sha256, start_ms, end_ms)
  WITH sentence AS (
    SELECT
      c.call_id,
      t.index AS turn_no,
      s.index AS sentence_no,
      t.value:speakerId::VARCHAR AS speaker_id,
      s.value:text::VARCHAR AS sentence_text,
      s.value['start']::NUMBER AS start_ms,
      s.value['end']::NUMBER AS end_ms
    FROM CALLS_STREAM c,
      LATERAL FLATTEN(INPUT => c.transcript) t,
      LATERAL FLATTEN(INPUT => t.value:sentences) s
    WHERE c.METADATA$ACTION = 'INSERT'
  ),
  speaker AS (
    SELECT
      c.call_id,
      p.value:speakerId::VARCHAR AS speaker_id,
      MAX(p.value:name::VARCHAR) AS name
    FROM CALLS_STREAM c,
      LATERAL FLATTEN(INPUT => c.parties) p
    WHERE c.METADATA$ACTION = 'INSERT'
    GROUP BY c.call_id, p.value:speakerId::VARCHAR
  ),
  turn AS (
    SELECT
      s.call_id,
      s.turn_no,
      COALESCE(MAX(p.name), MAX(s.speaker_id), 'unknown') || ': '
        || LISTAGG(s.sentence_text, ' ') WITHIN GROUP (ORDER BY s.sentence_no) AS line,
      MIN(s.start_ms) AS start_ms,
      MAX(s.end_ms) AS end_ms
    FROM sentence s
    LEFT JOIN speaker p ON p.call_id = s.call_id AND p.speaker_id = s.speaker_id
    GROUP BY s.call_id, s.turn_no
  ),
  piece AS (
    SELECT
      t.call_id,
      t.turn_no,
      p.index AS piece_no,
      SUBSTR(t.line, p.index * 998 + 1, 998) AS piece_text,
      t.start_ms,
      t.end_ms
    FROM turn t,
      LATERAL FLATTEN(INPUT => ARRAY_GENERATE_RANGE(0, CEIL(LENGTH(t.line) / 998)::INTEGER)) p
  ),
  placed AS (
    SELECT
      call_id,
      turn_no,
      piece_no,
      piece_text,
      start_ms,
      end_ms,
      SUM(LENGTH(piece_text) + 1) OVER (
        PARTITION BY call_id
        ORDER BY turn_no, piece_no
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) - LENGTH(piece_text) - 1 AS begins_at
    FROM piece
  ),
  joined AS (
    SELECT
      call_id,
      FLOOR(begins_at / 1000) AS place,
      LISTAGG(piece_text, '\n') WITHIN GROUP (ORDER BY turn_no, piece_no) AS chunk_text,
      MIN(start_ms) AS start_ms,
      MAX(end_ms) AS end_ms
    FROM placed
    GROUP BY call_id, FLOOR(begins_at / 1000)
  )
  SELECT
    call_id,
    ROW_NUMBER() OVER (PARTITION BY call_id ORDER BY place),
    chunk_text,
    SHA2(chunk_text, 256),
    start_ms,
    end_ms
  FROM joined;
  COMMIT;
EXCEPTION
  WHEN OTHER THEN
    ROLLBACK;
    RAISE;
END
