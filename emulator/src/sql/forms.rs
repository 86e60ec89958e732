//! What `sqlparser` does not read of Snowflake's queries.

use sqlparser::tokenizer::{Token as Raw, TokenWithSpan};

use super::cursor::Cursor;

/// Documented forms that `sqlparser` does not read and [`accepted`] does not make readable: a body that holds one of
/// them is let through when it is refused.
const UNREAD: &[&str] = &[
    "->",              // lambdas (user-guide/querying-semistructured, FILTER and TRANSFORM)
    "->>",             // the pipe between statements (operators-flow)
    "@",               // files in stages (user-guide/querying-stage)
    "=>",              // named arguments of table functions and AT | BEFORE | CHANGES (constructs/at-before)
    "CHANGES",         // constructs/changes
    "ASOF",            // constructs/asof-join
    "MATCH_RECOGNIZE", // constructs/match_recognize
    "CONNECT",         // constructs/connect-by
    "SEMANTIC_VIEW",   // constructs/semantic_view
    "OVERWRITE",       // INSERT OVERWRITE (sql/insert)
    "ALL",             // INSERT ALL (sql/insert-multi-table), UNION ALL BY NAME, MERGE … ALL BY NAME
    "FIRST",           // INSERT FIRST (sql/insert-multi-table)
];

/// Does a text hold one of [`UNREAD`]?
pub(super) fn unread(mut cursor: Cursor) -> bool {
    while !cursor.done() {
        if UNREAD.iter().any(|form| cursor.is(form) || cursor.is_symbol(form)) {
            return true;
        }
        cursor.next();
    }
    false
}

/// Forms of Snowflake's that `sqlparser` does not know, made into ones that it does: nothing that is asked of the
/// tree (which objects, which columns) depends on them.
pub(super) fn accepted(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let word = |token: Option<&TokenWithSpan>, wanted: &str| {
        matches!(token.map(|token| &token.token), Some(Raw::Word(word)) if word.quote_style.is_none()
            && word.value.eq_ignore_ascii_case(wanted))
    };
    let is = |token: Option<&TokenWithSpan>, wanted: &Raw| token.map(|token| &token.token) == Some(wanted);
    let mut kept: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let (before, after) = (kept.last(), tokens.get(at + 1));
        at = match &token.token {
            // `::ARRAY(INT)`, `::OBJECT(a INT NOT NULL)`, `::MAP(…)`, `::FILE` (docs: data-types-structured).
            Raw::LParen
                if ["ARRAY", "OBJECT", "MAP"].iter().any(|name| word(before, name))
                    && (is(kept.iter().rev().nth(1), &Raw::DoubleColon)
                        || word(kept.iter().rev().nth(1), "AS")) =>
            {
                past_bracket(&tokens, at)
            }
            // `{*}`, `{* EXCLUDE a}`, `{t.*}`: an object of a row (docs: constructs/select, object constants).
            Raw::LBrace if is(after, &Raw::Mul) || is(tokens.get(at + 3), &Raw::Mul) => {
                kept.push(token.clone());
                tokens[at..].iter().position(|token| token.token == Raw::RBrace).map_or(at + 1, |on| at + on)
            }
            // `t INNER DIRECTED JOIN u` (docs: constructs/join).
            Raw::Word(_) if word(Some(token), "DIRECTED") && word(after, "JOIN") => at + 1,
            // `model!PREDICT(a)`: a method, here a part of the name (docs: model methods).
            Raw::ExclamationMark if matches!(after.map(|it| &it.token), Some(Raw::Word(_))) => {
                kept.push(TokenWithSpan { token: Raw::Period, span: token.span });
                at + 1
            }
            // `f(**t)`: the spread operator (docs: operators-expansion).
            Raw::Mul if is(after, &Raw::Mul) => at + 2,
            // `t RESAMPLE (USING … INCREMENT BY …)` (docs: constructs/resample).
            Raw::Word(_) if word(Some(token), "RESAMPLE") && is(after, &Raw::LParen) => {
                past_bracket(&tokens, at + 1)
            }
            _ => {
                kept.push(token.clone());
                at + 1
            }
        };
    }
    kept
}

/// The place after the bracket that opens at `from`.
fn past_bracket(tokens: &[TokenWithSpan], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.token {
            Raw::LParen => depth += 1,
            Raw::RParen if depth == 1 => return at + 1,
            Raw::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}
