//! The house stays in order: arrows point down only, and a long file has its reason.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The longest file without a reason, in lines.
const LONG: usize = 400;
/// Files that may be longer, each with its reason: `path: reason`.
const REASONS: &str = include_str!("long-files.txt");

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources(folders: &[&str]) -> BTreeMap<String, String> {
    let mut paths = vec![];
    for folder in folders {
        sources(&root().join(folder), &mut paths);
    }
    let relative = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        (name, text)
    };
    paths.into_iter().map(relative).collect()
}

#[test]
fn a_file_of_more_than_400_lines_has_its_reason() {
    let reasons: BTreeMap<&str, &str> = REASONS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(": ").expect("path: reason"))
        .collect();
    let all = all_sources(&["src", "emulator", "testbed", "demo", "conformance", "tests", "benches"]);
    let long: Vec<_> =
        all.iter().filter(|(_, text)| text.lines().count() > LONG).map(|(name, _)| name.as_str()).collect();
    let without: Vec<_> = long.iter().filter(|name| !reasons.contains_key(**name)).collect();
    assert!(without.is_empty(), "over {LONG} lines, and no reason in tests/long-files.txt: {without:?}");
    let idle: Vec<_> = reasons.keys().filter(|name| !long.contains(*name)).collect();
    assert!(idle.is_empty(), "short enough again, or gone: {idle:?}");
}

#[test]
fn arrows_point_down_only() {
    // What each room may use of the others; what it may not be seen to name.
    let rooms: &[(&str, &[&str])] = &[
        ("values", &[]),
        ("api", &["values"]),
        ("snowflake", &["values"]),
        ("plan", &["snowflake", "values"]),
        ("engine", &["api", "plan", "snowflake", "values"]),
        ("kinds", &["api", "engine", "plan", "snowflake", "values"]),
        ("operator", &["api", "engine", "kinds", "plan", "snowflake", "values"]),
        ("cli", &["api", "engine", "kinds", "operator", "plan", "snowflake", "values"]),
    ];
    let names: Vec<&str> = rooms.iter().map(|(room, _)| *room).collect();
    let mut wrong = vec![];
    for (room, may) in rooms {
        for (file, text) in all_sources(&[&format!("src/{room}")]) {
            for (n, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for other in names.iter().filter(|other| *other != room && !may.contains(other)) {
                    if code.contains(&format!("crate::{other}")) {
                        wrong.push(format!("{file}:{} uses {other}", n + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_pure_uses_no_clock_and_no_network() {
    let mut wrong = vec![];
    for (file, text) in all_sources(&["src/values", "src/plan", "src/api"]) {
        for word in
            ["Timestamp::now", "Instant::now", "SystemTime", "reqwest", "tokio::", "std::net", "kube::Client"]
        {
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.into_iter().any(|line| line.contains(word)) {
                wrong.push(format!("{file} uses {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
