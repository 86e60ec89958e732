//! SQL that users hand in to be run later: the bodies of tasks and alerts, conditions, handlers in SQL.
//!
//! It is kept as it was written. Snowflake compiles it when the object is made; here `sqlparser` reads it, and what
//! that does not know, but Snowflake documents, is let through ([`UNREAD`], and `super::forms`).

use sqlparser::ast::{BinaryOperator, Expr, FunctionArguments, UnaryOperator};
use sqlparser::dialect::SnowflakeDialect;
use sqlparser::parser::{Parser, ParserError};

use super::cursor::Cursor;
use super::forms::{self, accepted};
use super::tokens::raw;
use crate::error::SqlError;

/// Statements that are checked: the others are known by their first word alone.
const READ: &[&str] = &["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES"];

/// The first words of Snowflake's other statements (docs: sql-reference/sql-all), and of Snowflake Scripting.
const UNREAD: &[&str] = &[
    "(", "ALTER", "BEGIN", "CALL", "COMMENT", "COMMIT", "COPY", "CREATE", "DECLARE", "DESC", "DESCRIBE",
    "DROP", "EXECUTE", "EXPLAIN", "GET", "GRANT", "LET", "LIST", "LS", "PUT", "REMOVE", "RETURN", "REVOKE",
    "RM", "ROLLBACK", "SET", "SHOW", "TRUNCATE", "UNDROP", "UNSET", "USE",
];

/// Reads what is left of a statement as one statement of the user's.
pub(crate) fn rest(cursor: &mut Cursor) -> Result<String, SqlError> {
    statement(cursor, |_| false)
}

/// Reads the user's statement up to where `until` holds.
pub(crate) fn statement(cursor: &mut Cursor, until: impl Fn(&Cursor) -> bool) -> Result<String, SqlError> {
    if cursor.done() || until(cursor) {
        return cursor.unexpected();
    }
    let place = cursor.peek().clone();
    let text = cursor.written_until(until);
    check(&text).map_err(|wrong| match wrong {
        Some((line, position, found)) => {
            let position = if line == 1 { place.position + position } else { position };
            SqlError::syntax(format!(
                "syntax error line {} at position {position} unexpected '{found}'.",
                place.line + line - 1
            ))
        }
        None => place.unexpected(),
    })?;
    Ok(text)
}

/// Line, position and text of what does not belong; None: the first word is not one of a statement.
type Wrong = Option<(u64, u64, String)>;

/// Is this one statement of Snowflake's, as far as can be told?
fn check(text: &str) -> Result<(), Wrong> {
    let Ok(cursor) = Cursor::new(text) else { return Err(None) };
    let known = |words: &[&str]| words.iter().any(|word| cursor.is(word) || cursor.is_symbol(word));
    if known(UNREAD) {
        return Ok(());
    }
    if !known(READ) {
        return Err(None);
    }
    let tokens = accepted(raw(text).map_err(|_| None)?);
    match Parser::new(&SnowflakeDialect {}).with_tokens_with_locations(tokens).parse_statements() {
        Ok(_) => Ok(()),
        Err(_) if forms::unread(cursor) => Ok(()),
        Err(ParserError::ParserError(message)) => Err(place_of(&message).or_else(|| Some(end_of(text)))),
        Err(_) => Err(None),
    }
}

/// Where the text ends.
fn end_of(text: &str) -> (u64, u64, String) {
    let last = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count() as u64 + 1, last.chars().count() as u64, "<EOF>".into())
}

/// `Expected: …, found: X at Line: 1, Column: 5`
fn place_of(message: &str) -> Wrong {
    let (before, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let found = before.rsplit_once("found: ").map_or("<EOF>", |(_, found)| found);
    let found = if found == "EOF" { "<EOF>" } else { found };
    Some((line.parse().ok()?, column.trim().parse::<u64>().ok()?.saturating_sub(1), found.to_owned()))
}

/// The functions that a task's WHEN may call (docs: create-task).
const OF_CONDITIONS: [&str; 2] = ["SYSTEM$GET_PREDECESSOR_RETURN_VALUE", "SYSTEM$STREAM_HAS_DATA"];

/// Reads a task's condition, up to where `until` holds. The words of the refusal are Snowflake's, its code is a guess.
pub(crate) fn condition(cursor: &mut Cursor, until: impl Fn(&Cursor) -> bool) -> Result<String, SqlError> {
    if cursor.done() || until(cursor) {
        return cursor.unexpected();
    }
    let place = cursor.peek().clone();
    let text = cursor.written_until(until);
    let mut parser = Parser::new(&SnowflakeDialect {}).try_with_sql(&text).map_err(|_| place.unexpected())?;
    let parsed = parser.parse_expr().map_err(|_| place.unexpected())?;
    if parser.peek_token_ref().token != sqlparser::tokenizer::Token::EOF {
        return Err(place.unexpected());
    }
    if allowed(&parsed) {
        return Ok(text);
    }
    Err(SqlError::new(
        91_063,
        "42601",
        format!(
            "Invalid expression for task condition expression. Only some data type conversions and the following functions are allowed: [{}].",
            OF_CONDITIONS.join(", ")
        ),
    ))
}

/// Literals, the two functions, casts, comparisons, and what joins them.
fn allowed(expression: &Expr) -> bool {
    use BinaryOperator as Is;
    match expression {
        Expr::Value(_) => true,
        Expr::Nested(inside)
        | Expr::Cast { expr: inside, .. }
        | Expr::IsNull(inside)
        | Expr::IsNotNull(inside)
        | Expr::IsTrue(inside)
        | Expr::IsFalse(inside)
        | Expr::IsNotTrue(inside)
        | Expr::IsNotFalse(inside) => allowed(inside),
        Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus, expr } => {
            allowed(expr)
        }
        Expr::BinaryOp { left, op, right } => {
            matches!(op, Is::And | Is::Or | Is::Eq | Is::NotEq | Is::Lt | Is::LtEq | Is::Gt | Is::GtEq)
                && allowed(left)
                && allowed(right)
        }
        Expr::InList { expr, list, .. } => allowed(expr) && list.iter().all(allowed),
        Expr::Between { expr, low, high, .. } => allowed(expr) && allowed(low) && allowed(high),
        Expr::Function(function) => {
            let name = function.name.to_string().to_uppercase();
            OF_CONDITIONS.contains(&name.as_str()) && matches!(function.args, FunctionArguments::List(_))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let mut cursor = Cursor::new(text).unwrap();
        rest(&mut cursor).map_err(|error| error.message)
    }

    #[test]
    fn statements_are_kept_as_they_are_written() {
        for text in [
            "select\n  case when true then 1 else 2 end -- why not",
            "INSERT INTO t (a) SELECT a FROM s WHERE METADATA$ACTION = 'INSERT'",
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET t.b = s.b WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
            "BEGIN\n SELECT 1;\n SELECT 2;\nEND",
            "DECLARE x INT; BEGIN RETURN x; END",
            "CALL my_unload_sp()",
            "EXECUTE IMMEDIATE $$SELECT 1; SELECT 2$$",
            "COPY INTO t FROM @s FILE_FORMAT = (TYPE = CSV) ON_ERROR = CONTINUE",
            "ALTER DYNAMIC TABLE d REFRESH",
            "create table FOO(ID INT)",
            "SELECT CURRENT_TIMESTAMP",
            "SELECT * FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY(RESULT_LIMIT => 10)) QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1",
            "SELECT * FROM t AT(OFFSET => -60)",
            "SELECT a:b.c::string, f.value FROM t, LATERAL FLATTEN(input => t.a) f",
            "SELECT * EXCLUDE (a) FROM t GROUP BY ALL",
            "SELECT $1, METADATA$FILENAME FROM @stage/x (FILE_FORMAT => f)",
            "SELECT FILTER(a, x -> x:b > 5) FROM t",
            "INSERT OVERWRITE INTO t SELECT 1",
            "INSERT ALL WHEN a > 1 THEN INTO t VALUES (a) ELSE INTO u SELECT a FROM s",
            "SELECT model!PREDICT(a) FROM t",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "SELECT * FROM t ASOF JOIN u MATCH_CONDITION (t.a >= u.a) ON t.b = u.b",
            "SELECT * FROM t SAMPLE (10)",
            "UPDATE t SET a = 1 FROM u WHERE t.b = u.b",
            "DELETE FROM t USING u WHERE t.a = u.a",
            "SELECT a FROM t WHERE b ILIKE ANY ('x%', 'y%')",
            "SELECT AI_COMPLETE('m', PROMPT('x {0}', a)) FROM t",
            "SELECT TRY_CAST(a AS NUMBER(10,2)), IFF(a > 1, 'x', 'y'), ARRAY_AGG(b) WITHIN GROUP (ORDER BY c) FROM t",
        ] {
            assert_eq!(read(text).as_deref(), Ok(text), "{text}");
        }
        assert_eq!(read("SELECT 1 ;;").as_deref(), Ok("SELECT 1"));
    }

    #[test]
    fn what_is_no_statement_is_refused_with_its_place() {
        for (text, line, position, found) in [
            ("SELEC 1", 1, 0, "SELEC"),
            ("foo", 1, 0, "foo"),
            ("SELECT 1 FROM", 1, 13, "<EOF>"),
            ("DELETE FROM t\n WHERE a = 1 )", 2, 13, ")"),
            ("UPDATE t WHERE a = 1", 1, 9, "WHERE"),
        ] {
            let wanted = format!("syntax error line {line} at position {position} unexpected '{found}'.");
            let error = read(text).unwrap_err();
            assert!(error.ends_with(&wanted), "{text}: {error}");
        }
    }

    #[test]
    fn conditions_call_two_functions_and_no_other() {
        let read = |text: &str| condition(&mut Cursor::new(text).unwrap(), |cursor| cursor.is("AS"));
        for text in [
            "SYSTEM$STREAM_HAS_DATA('MYSTREAM')",
            "system$stream_has_data('a') OR SYSTEM$STREAM_HAS_DATA('b')",
            "NOT SYSTEM$GET_PREDECESSOR_RETURN_VALUE('t')::BOOLEAN",
            "SYSTEM$GET_PREDECESSOR_RETURN_VALUE('t') != 'VALIDATION'",
            "CAST(SYSTEM$GET_PREDECESSOR_RETURN_VALUE() AS FLOAT) < 0.2",
            "TRUE",
        ] {
            assert_eq!(read(&format!("{text} AS SELECT 1")).unwrap(), text);
        }
        for text in
            ["CURRENT_TIMESTAMP LIKE '20%'", "(SELECT COUNT(*) FROM t) > 0", "PARSE_JSON('1')", "a = 1"]
        {
            assert!(
                read(text).unwrap_err().message.starts_with("Invalid expression for task condition"),
                "{text}"
            );
        }
        assert_eq!(read("AS SELECT 1").unwrap_err().code, 1003);
    }
}
