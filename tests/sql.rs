//! The SQL of `sql/` is read by a parser that has nothing to do with Snowflake's, nor with the one in Python there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sqlparser::{dialect::SnowflakeDialect, parser::Parser};

/// What sqlparser 0.63 does not know yet. A file that it reads all the same has to go from this list.
const UNREAD: &[(&str, &str)] = &[
    ("call_intelligence/11_call_landing_stream.stream.sql", "CREATE STREAM"),
    ("call_intelligence/22_calls_stream.stream.sql", "CREATE STREAM"),
    ("cdc_urgency/11_ticket_stream.stream.sql", "CREATE STREAM"),
    ("credit_governor/20_govern_credits.procedure.sql", "FOR in a block"),
    ("crm_nightly/13_crm_landing_stream.stream.sql", "CREATE STREAM"),
    ("enrichment/20_changes.stream.sql", "CREATE STREAM"),
    ("enrichment/22_waiting.stream.sql", "CREATE STREAM"),
    ("enrichment/23_existing.stream.sql", "CREATE STREAM"),
    ("enrichment/30_buy.task.sql", "FOR in a block"),
    ("executive_summary/20_write_summary.procedure.sql", "DECLARE of several variables"),
];

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sql")
}

/// The files of the library, by their names within it.
fn files() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in
        fs::read_dir(library()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "sql") {
                let name = path.strip_prefix(library()).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The sets of values for the placeholders of `enrichment/`.
fn examples() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(library().join("enrichment/examples.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn rendered(text: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// `Err` has what the parser said.
fn read(name: &str, text: &str) -> Result<(), String> {
    let said = |error: sqlparser::parser::ParserError| error.to_string();
    if name.ends_with("_policy.sql") {
        let mut parser = Parser::new(&SnowflakeDialect).try_with_sql(text).map_err(said)?;
        parser.parse_expr().map_err(said)?;
        let rest = parser.peek_token().token;
        return if rest == sqlparser::tokenizer::Token::EOF {
            Ok(())
        } else {
            Err(format!("then comes {rest}"))
        };
    }
    match Parser::parse_sql(&SnowflakeDialect, text).map_err(said)?.len() {
        1 => Ok(()),
        several => Err(format!("{several} statements")),
    }
}

#[test]
fn every_file_of_the_library_is_one_statement() {
    let all = files();
    assert!(all.len() > 50, "only {} files in {}", all.len(), library().display());
    let mut wrong = vec![];
    for (name, text) in &all {
        let unread = UNREAD.iter().find(|(known, _)| known == name);
        for (example, values) in examples() {
            match (read(name, &rendered(text, &values)), unread) {
                (Err(error), None) => wrong.push(format!("{name} ({example}): {error}")),
                (Ok(()), Some((_, why))) => wrong.push(format!("{name} is read now, in spite of: {why}")),
                _ => {}
            }
        }
    }
    wrong.extend(
        UNREAD.iter().filter(|(name, _)| !all.contains_key(*name)).map(|(name, _)| format!("{name} is gone")),
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_of_the_library_says_what_it_is_and_where_that_stands() {
    let wrong: Vec<_> = files()
        .into_iter()
        .filter(|(_, text)| {
            let mut lines = text.lines();
            let what = lines.next().unwrap_or_default();
            let page = lines.next().unwrap_or_default();
            !what.starts_with("-- ") || !page.starts_with("-- https://docs.snowflake.com/en/")
        })
        .map(|(name, _)| name)
        .collect();
    assert!(wrong.is_empty(), "the first line says what it is, the second gives the page: {wrong:#?}");
}
