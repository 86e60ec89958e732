//! Expected beside seen.

use regex::Regex;
use snowfence::snowflake::{Row, Rows, SnowflakeError};

use crate::{
    case::{Cell, Cells, Expect, Refusal},
    names::Names,
};

/// Something that is not as the list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Of the answer: `columns`, `cell state`, `error code`, `setup`.
    pub what: String,
    pub expected: String,
    pub seen: String,
}

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    pub differences: Vec<Difference>,
    /// Columns that the list does not know.
    pub extra: Vec<String>,
}

impl Compared {
    fn differs(&mut self, what: impl Into<String>, expected: impl Into<String>, seen: impl Into<String>) {
        self.differences.push(Difference { what: what.into(), expected: expected.into(), seen: seen.into() });
    }
}

/// Compares an answer. `strict`: a column that the list does not know is a difference; without, it is a note,
/// because Snowflake adds columns.
pub fn compare(
    expect: &Expect,
    names: &Names,
    strict: bool,
    answer: Result<&Rows, &SnowflakeError>,
) -> Compared {
    let mut compared = Compared::default();
    match (&expect.error, answer) {
        (Some(refusal), Err(error)) => compare_error(&mut compared, refusal, names, error),
        (Some(refusal), Ok(rows)) => {
            compared.differs("outcome", format!("error {}", shown_refusal(refusal, names)), shown_rows(rows));
        }
        (None, Err(error)) => compared.differs("outcome", "success", shown_error(error)),
        (None, Ok(rows)) => compare_rows(&mut compared, expect, names, strict, rows),
    }
    compared
}

pub fn shown_error(error: &SnowflakeError) -> String {
    format!("error {} {} {}", error.code, error.sql_state, one_line(&error.message))
}

fn shown_refusal(refusal: &Refusal, names: &Names) -> String {
    let message = refusal.message.as_deref().map(|message| names.fill(message));
    let parts = [refusal.code.clone(), refusal.sql_state.clone(), message];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn shown_rows(rows: &Rows) -> String {
    let cells: Vec<_> = rows.columns().collect();
    match (rows.len(), cells.as_slice(), rows.first()) {
        (1, [column], Some(row)) => row.text(column).unwrap_or("NULL").to_owned(),
        (count, columns, _) => format!("{count} rows of {}", columns.join(", ")),
    }
}

fn compare_error(compared: &mut Compared, refusal: &Refusal, names: &Names, error: &SnowflakeError) {
    if let Some(code) = refusal.code.as_deref().filter(|code| *code != error.code) {
        compared.differs("error code", code, &error.code);
    }
    if let Some(state) = refusal.sql_state.as_deref().filter(|state| *state != error.sql_state) {
        compared.differs("SQLSTATE", state, &error.sql_state);
    }
    if let Some(message) = &refusal.message {
        let pattern = one_line(&names.fill(message));
        let seen = one_line(&error.message);
        if !like(&format!("*{pattern}*"), &seen) {
            compared.differs("message", pattern, seen);
        }
    }
}

fn compare_rows(compared: &mut Compared, expect: &Expect, names: &Names, strict: bool, rows: &Rows) {
    if let Some(status) = &expect.status {
        let status = names.fill(status);
        let seen = shown_rows(rows);
        if status != seen {
            compared.differs("status", status, seen);
        }
    }
    let seen: Vec<&str> = rows.columns().collect();
    if let Some(columns) = &expect.columns {
        let columns: Vec<String> = columns.iter().map(|column| names.fill(column)).collect();
        compared.extra =
            seen.iter().filter(|name| !columns.iter().any(|it| it == *name)).map(|it| (*it).into()).collect();
        let known: Vec<&str> =
            seen.iter().copied().filter(|name| columns.iter().any(|it| it == name)).collect();
        if known != columns || (strict && !compared.extra.is_empty()) {
            compared.differs("columns", columns.join(", "), seen.join(", "));
        }
    }
    let known: Vec<&str> =
        seen.iter().copied().filter(|name| expect.contains.iter().any(|column| column == name)).collect();
    if known != expect.contains {
        compared.differs("columns, among others", expect.contains.join(", "), seen.join(", "));
    }
    if let Some(count) = expect.rows.filter(|count| *count != rows.len()) {
        compared.differs("rows", count.to_string(), rows.len().to_string());
    }
    for (column, cell) in &expect.cells {
        let row = rows.first();
        if !row.as_ref().is_some_and(|row| holds(row, column, cell, names)) {
            let seen = row.map_or_else(|| "no row".to_owned(), |row| shown_cell(&row, column));
            compared.differs(format!("cell {column}"), fill(cell, names).to_string(), seen);
        }
    }
    for cells in &expect.some {
        if !rows.iter().any(|row| has(&row, cells, names)) {
            compared.differs("a row", shown_cells(cells, names), shown_columns(rows, cells));
        }
    }
    for cells in &expect.none {
        if let Some(row) = rows.iter().find(|row| has(row, cells, names)) {
            let seen: Vec<_> =
                cells.keys().map(|column| format!("{column} {}", shown_cell(&row, column))).collect();
            compared.differs("no row", shown_cells(cells, names), seen.join(", "));
        }
    }
}

fn has(row: &Row<'_>, cells: &Cells, names: &Names) -> bool {
    cells.iter().all(|(column, cell)| holds(row, column, cell, names))
}

fn holds(row: &Row<'_>, column: &str, cell: &Cell, names: &Names) -> bool {
    match (row.get(column), fill(cell, names)) {
        (Some(None), Cell::Null) | (Some(None | Some("")), Cell::Empty) => true,
        (Some(Some(seen)), Cell::Text(text)) => seen == text,
        (Some(Some(seen)), Cell::Like(pattern)) => like(&pattern, seen),
        _ => false,
    }
}

fn fill(cell: &Cell, names: &Names) -> Cell {
    match cell {
        Cell::Null | Cell::Empty => cell.clone(),
        Cell::Text(text) => Cell::Text(names.fill(text)),
        Cell::Like(pattern) => Cell::Like(names.fill(pattern)),
    }
}

fn shown_cell(row: &Row<'_>, column: &str) -> String {
    match row.get(column) {
        None => "no such column".into(),
        Some(None) => "NULL".into(),
        Some(Some(text)) => format!("'{text}'"),
    }
}

fn shown_cells(cells: &Cells, names: &Names) -> String {
    cells
        .iter()
        .map(|(column, cell)| format!("{column} {}", fill(cell, names)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What the rows have in these columns: the first few.
fn shown_columns(rows: &Rows, cells: &Cells) -> String {
    let shown = rows.iter().take(5).map(|row| {
        let row: Vec<_> = cells.keys().map(|column| shown_cell(&row, column)).collect();
        format!("({})", row.join(", "))
    });
    let more = if rows.len() > 5 { ", …" } else { "" };
    format!("{} rows: {}{more}", rows.len(), shown.collect::<Vec<_>>().join(", "))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text is like a pattern in which `*` is any text and `?` any character.
fn like(pattern: &str, text: &str) -> bool {
    let regex = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?s)^{regex}$")).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use snowfence::snowflake::{Rows, SnowflakeError};

    use super::{Compared, compare, like};
    use crate::{
        case::{Expect, read},
        names::{Names, Prefix},
    };

    fn names() -> Names {
        let prefix = Prefix::parse("SNOWFENCE_0123456789ABCDEF").unwrap();
        Names { prefix, user: "ME".into(), role: "SYSADMIN".into() }
    }

    fn expect(text: &str) -> Expect {
        let text = format!(
            "cases: [{{name: a, source: 'terraform-provider: x', statement: SHOW ROLES, expect: {text}}}]"
        );
        read("x", &text).unwrap().cases.remove(0).expect
    }

    fn rows() -> Rows {
        let mut rows = Rows::new(["name", "size", "comment"]);
        rows.push([Some("SNOWFENCE_0123456789ABCDEF_W"), Some("X-Small"), None]).unwrap();
        rows.push([Some("V"), Some("Large"), Some("x")]).unwrap();
        rows
    }

    fn told(compared: &Compared) -> Vec<&str> {
        compared.differences.iter().map(|difference| difference.what.as_str()).collect()
    }

    #[test]
    fn rows_are_compared() {
        for (text, expected) in [
            ("{columns: [name, size, comment], rows: 2}", vec![]),
            ("{columns: [size, name, comment]}", vec!["columns"]),
            ("{columns: [name, size, comment, owner]}", vec!["columns"]),
            ("{contains: [name, comment]}", vec![]),
            ("{contains: [comment, name]}", vec!["columns, among others"]),
            ("{rows: 1}", vec!["rows"]),
            ("{cells: {name: '{prefix}_W', comment: null, size: {like: 'X-*'}}}", vec![]),
            ("{cells: {name: V, comment: '', shoes: 2}}", vec!["cell comment", "cell name", "cell shoes"]),
            ("{some: [{name: V, size: Large}]}", vec![]),
            ("{some: [{name: V, size: X-Small}]}", vec!["a row"]),
            ("{none: [{name: V, size: X-Small}]}", vec![]),
            ("{none: [{name: V}]}", vec!["no row"]),
            ("{status: done}", vec!["status"]),
            ("{error: {code: '002003'}}", vec!["outcome"]),
        ] {
            let compared = compare(&expect(text), &names(), true, Ok(&rows()));
            assert_eq!(told(&compared), expected, "{text}");
        }
    }

    #[test]
    fn a_column_in_addition_is_a_note_unless_everything_has_to_fit() {
        let expect = expect("{columns: [name, comment]}");
        let compared = compare(&expect, &names(), false, Ok(&rows()));
        assert_eq!((told(&compared), &compared.extra[..]), (vec![], &["size".to_owned()][..]));
        assert_eq!(told(&compare(&expect, &names(), true, Ok(&rows()))), ["columns"]);
    }

    #[test]
    fn errors_are_compared() {
        let error = SnowflakeError {
            code: "002003".into(),
            sql_state: "02000".into(),
            message: "SQL compilation error:\nRole 'SNOWFENCE_0123456789ABCDEF_R' does not exist".into(),
            query_id: None,
        };
        for (text, expected) in [
            (
                "{error: {code: '002003', sqlState: '02000', message: \"error: Role '{prefix}_R' does\"}}",
                vec![],
            ),
            ("{error: {message: 'SQL * exist'}}", vec![]),
            (
                "{error: {code: '002043', sqlState: '42S02', message: nowhere}}",
                vec!["error code", "SQLSTATE", "message"],
            ),
            ("{status: done}", vec!["outcome"]),
        ] {
            let compared = compare(&expect(text), &names(), true, Err(&error));
            assert_eq!(told(&compared), expected, "{text}");
        }
    }

    #[test]
    fn patterns_take_every_other_character_as_it_is() {
        assert!(like("a*[1] ?.", "a\nb [1] x.") && like("", "") && like("*", ""));
        assert!(!like("a.c", "abc") && !like("?*", ""));
    }
}
