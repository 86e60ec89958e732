//! Results: one-line answers of DDL, and tables.
#![expect(clippy::unnecessary_wraps, reason = "a cell may be NULL; these make those that are not")]

use crate::rows::{Column, ColumnType, Rows};
use crate::sql::ObjectKind;

/// A cell.
pub(crate) type Cell = Option<String>;

pub(crate) fn text(value: impl Into<String>) -> Cell {
    Some(value.into())
}

pub(crate) fn number(value: impl std::fmt::Display) -> Cell {
    Some(value.to_string())
}

/// `Y` or `N`, as the `is_…` columns say it.
pub(crate) fn yes(value: bool) -> Cell {
    text(if value { "Y" } else { "N" })
}

/// `true` or `false`.
pub(crate) fn boolean(value: bool) -> Cell {
    number(value)
}

/// Milliseconds since 1970 as seconds with nine decimals.
pub(crate) fn time(milliseconds: i64) -> Cell {
    Some(format!("{}.{:03}000000", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000)))
}

/// A table that is being filled.
pub(crate) fn table(columns: &[(&str, ColumnType)]) -> Rows {
    Rows { columns: columns.iter().map(|(name, kind)| column(name, *kind)).collect(), rows: Vec::new() }
}

pub(crate) fn column(name: &str, kind: ColumnType) -> Column {
    Column { name: name.to_owned(), kind, nullable: true }
}

/// The single cell `status` of a DDL statement.
pub(crate) fn status(message: impl Into<String>) -> Rows {
    let mut rows = table(&[("status", ColumnType::Text)]);
    rows.rows.push(vec![text(message)]);
    rows
}

pub(crate) fn executed() -> Rows {
    status("Statement executed successfully.")
}

/// A name as Snowflake writes it in messages and lists: quoted only where it must be.
pub(crate) fn display(path: &[String]) -> String {
    path.iter().map(|part| quoted(part)).collect::<Vec<_>>().join(".")
}

/// The name of an object of this kind: the types of a function's arguments are no part of what is quoted.
pub(crate) fn display_of(kind: ObjectKind, path: &[String]) -> String {
    match path.split_last().and_then(|(last, above)| Some((above, last.split_once('(')?))) {
        Some((above, (name, types))) if kind.has_arguments() => {
            let path: Vec<String> = above.iter().cloned().chain([name.to_owned()]).collect();
            format!("{}({types}", display(&path))
        }
        _ => display(path),
    }
}

/// One part of a name, quoted where it must be.
pub(crate) fn quoted(name: &str) -> String {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|char| char.is_ascii_uppercase() || char == '_');
    let plain =
        starts && chars.all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || "_$".contains(char));
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// SHOW's LIKE: case-insensitive, `%` and `_`, with `\` before a character that stands for itself.
pub(crate) fn like(pattern: &str, name: &str) -> bool {
    alike(pattern, name, |char| char.to_lowercase().next().unwrap_or(char))
}

/// LIKE of conditions, which tells `a` from `A`.
pub(crate) fn like_as_it_is(pattern: &str, text: &str) -> bool {
    alike(pattern, text, |char| char)
}

fn alike(pattern: &str, name: &str, fold: impl Fn(char) -> char + Copy) -> bool {
    #[derive(PartialEq)]
    enum Part {
        Any,
        One,
        Is(char),
    }
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        parts.push(match char {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Is(chars.next().map_or('\\', fold)),
            char => Part::Is(fold(char)),
        });
    }
    let name: Vec<char> = name.chars().map(fold).collect();
    let (mut part, mut at, mut star) = (0, 0, None);
    while at < name.len() {
        match parts.get(part) {
            Some(Part::Any) => {
                star = Some((part, at));
                part += 1;
            }
            Some(Part::One) => (part, at) = (part + 1, at + 1),
            Some(Part::Is(char)) if *char == name[at] => (part, at) = (part + 1, at + 1),
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (part, at) = (from + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    parts[part..].iter().all(|part| *part == Part::Any)
}
