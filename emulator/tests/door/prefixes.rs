//! Every prefix of every statement that stands in a test, and every statement with a part of it gone or doubled:
//! an answer, never a defect.

use std::path::Path;

use snowfence_emulator::account::{Account, Edition};
use snowfence_emulator::context::Context;

const VERBS: [&str; 16] = [
    "ALTER", "BEGIN", "CALL", "COMMENT", "COMMIT", "CREATE", "DESC", "DESCRIBE", "DROP", "EXECUTE", "GRANT",
    "REVOKE", "SELECT", "SHOW", "UNDROP", "USE",
];

/// The literals of a source file that begin like a statement.
fn statements(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('"') {
        let mut text = String::new();
        let mut chars = rest[at + 1..].char_indices();
        let mut end = rest.len();
        while let Some((offset, char)) = chars.next() {
            match char {
                '"' => {
                    end = at + 1 + offset + 1;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, '\n')) => {}
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                char => text.push(char),
            }
        }
        let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
        if VERBS.contains(&verb.as_str()) && text.len() > verb.len() && !text.contains("{}") {
            found.push(text);
        }
        rest = &rest[end..];
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(statements(&std::fs::read_to_string(path).unwrap()));
        }
    }
}

/// All that stands in the emulator's tests and in the operator's.
fn corpus() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["src/account/tests", "tests", "../tests", "../src/kinds"] {
        let folder = root.join(folder);
        if folder.is_dir() {
            sources(&folder, &mut all);
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Executes; a panic of the account fails the test with the statement that caused it.
fn execute(account: &mut Account, text: &str) {
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        for statement in Account::split(text).unwrap_or_else(|_| vec![text.to_owned()]) {
            let _ = Account::inspect(&statement);
            let mut context =
                Context { user: "OPERATOR".into(), role: Some("ACCOUNTADMIN".into()), ..Context::default() };
            let _ = account.execute(&mut context, &statement, 1_800_000_000_000_000_000);
        }
    }));
    assert!(outcome.is_ok(), "a defect: {text:?}");
}

#[test]
fn every_prefix_of_every_statement_has_an_answer() {
    let corpus = corpus();
    assert!(corpus.len() > 500, "{} statements were found", corpus.len());
    let mut account = Account::new("ORG", "ACC", Edition::Enterprise);
    for statement in &corpus {
        for (end, _) in statement.char_indices().take(400) {
            execute(&mut account, &statement[..end]);
        }
        execute(&mut account, statement);
    }
}

#[test]
fn every_statement_with_a_word_gone_or_doubled_has_an_answer() {
    let mut account = Account::new("ORG", "ACC", Edition::Enterprise);
    for statement in corpus() {
        let words: Vec<&str> = statement.split(' ').take(40).collect();
        for at in 0..words.len() {
            let mut gone = words.clone();
            gone.remove(at);
            execute(&mut account, &gone.join(" "));
            let mut doubled = words.clone();
            doubled.insert(at, words[at]);
            execute(&mut account, &doubled.join(" "));
        }
    }
}
